import AgonConfiguration

/// The section `dataset` of a config: which data, which part of them, and what is done to each image.
public struct DatasetConfiguration: ConfigDecodable, Sendable {
    /// The sets that need no manifest.
    public enum BuiltIn: String, CaseIterable, Sendable {
        case folder, pairs, unpaired
        case ring = "gaussians-8"
        case grid = "gaussians-25"
        case stackedDigits = "stacked-mnist"

        var isSynthetic: Bool { !isFolder }
        var isFolder: Bool { self == .folder || self == .pairs || self == .unpaired }
    }

    public let name: String
    public let path: String?
    public var split: DatasetSplit
    public let classes: [ClassReference]?
    public let limit: Int?
    public let holdout: Double
    public let input: ImagePairs.Side?
    public let unpaired: Bool
    /// Nil: refuse.
    public let broken: ImageReading.Broken?
    /// Nil: white.
    public let background: Int?
    public let embeddings: String?
    public let count: Int?
    public let deviation: Double?
    public let transforms: [ImageTransform]
    /// Mebibytes.
    public let memoryLimit: Int
    public let seed: UInt64

    public init(from reader: ConfigReader) throws {
        name = try reader.string(
            "name",
            "A set with a manifest (mnist, fashion-mnist, cifar10, facades), or one of: "
                + BuiltIn.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        path = try reader.optionalString(
            "path",
            "The folder or archive of the images or pairs, or of trainA (conditions) and trainB (samples) for "
                + "unpaired; for other sets, where they lie instead of a search.")
        split = try reader.choice(
            "split", default: DatasetSplit.train, "The training samples, the test samples, or those held out.")
        classes = try Self.classes(from: reader)
        limit = try reader.optionalInteger("limit", in: 1..., "Use only the first samples, this many.")
        holdout = try reader.number(
            "holdout", in: 0..<1, default: 0, "Part of the training samples held out for validation.")
        input = try reader.optionalChoice("input", "For pairs: the half that the generator reads.")
        unpaired = try reader.boolean(
            "unpaired", default: false,
            "For pairs: whether each sample comes with the condition of any pair, drawn independently.")
        broken = try reader.optionalChoice(
            "broken",
            "For images in files: whether a file that cannot be decoded ends the check before training, or is left out "
                + "and counted; refuse if not given.")
        background = try reader.optionalInteger(
            "background", in: 0...255,
            "For images in files: the grey level behind transparent parts; white, 255, if not given.")
        embeddings = try reader.optionalString(
            "embeddings",
            "A .npy or .safetensors file [samples, size] with a vector for each sample of the split, "
                + "before holdout, classes and limit.")
        count = try reader.optionalInteger(
            "count", in: 1...100_000_000, "For synthetic sets: the number of samples drawn.")
        deviation = try reader.optionalNumber(
            "deviation", in: .positive, "For Gaussians: the standard deviation of each.")
        transforms = try reader.array(
            "transforms", of: ImageTransform.registry, default: [], "What is done to each image, in order.")
        memoryLimit = try reader.integer(
            "memoryLimit", in: 0...1_048_576, default: 512,
            "Mebibytes that may be spent on keeping decoded and resized images.")
        seed = UInt64(
            try reader.integer(
                "seed", in: 0..., default: 0, "Seed of what belongs to the data: synthetic samples, held-out samples."))

        let kind = BuiltIn(rawValue: name)
        let name = name
        try reader.require(!name.isEmpty, "name", "expected the name of a dataset")
        try reader.require(path?.utf8.contains(0) != true, "path", "a path holds no zero byte")
        let (path, input, count, deviation) = (path, input, count, deviation)
        if kind?.isFolder == true {
            try reader.require(
                path?.isEmpty == false, "name", "'\(name)' needs the key 'path', the folder of the images")
        }
        try reader.require(
            count == nil || kind?.isSynthetic == true, "count",
            "'\(name)' is not synthetic; use 'limit' for fewer samples")
        let isMixture = kind == .ring || kind == .grid
        try reader.require(deviation == nil || isMixture, "deviation", "'\(name)' is no mixture of Gaussians")
        try reader.require(transforms.isEmpty || !isMixture, "transforms", "'\(name)' has points, not images")
        let (embeddings, classes, unpaired) = (embeddings, classes, unpaired)
        try reader.require(embeddings?.isEmpty != true, "embeddings", "expected the path of a file")
        try reader.require(embeddings == nil || !isMixture, "embeddings", "'\(name)' has points, not images")
        try reader.require(classes == nil || kind != .unpaired, "classes", "'unpaired' has domains, not classes")
        if let kind, kind != .pairs {
            try reader.require(input == nil, "input", "'\(name)' has no pairs")
            try reader.require(!unpaired || kind == .unpaired, "unpaired", "'\(name)' has no pairs")
        }
    }

    /// Names and indices may be mixed.
    private static func classes(from reader: ConfigReader) throws -> [ClassReference]? {
        guard let node = try reader.optionalNode("classes", "Use only these classes, given by name or by index.")
        else { return nil }
        guard let elements = node.array, !elements.isEmpty else {
            throw reader.fail("classes", "expected an array of class names or indices, found \(node.summary)")
        }
        return try elements.enumerated().map { position, element in
            if let name = element.string { return .name(name) }
            if let index = element.integer, index >= 0 { return .index(index) }
            throw reader.fail("classes", index: position, "expected a class name or index, found \(element.summary)")
        }
    }
}
