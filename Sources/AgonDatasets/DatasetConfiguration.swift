import AgonConfiguration
import AgonTensors

/// The section `dataset` of a config: the data, the part of them to use, and the transforms of each image.
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
    public private(set) var path: String?
    public var split: DatasetSplit
    public let classes: [ClassReference]?
    public private(set) var limit: Int?
    public private(set) var limitOrder: LimitOrder
    public let holdout: Double
    public let input: ImagePairs.Side?
    public let unpaired: Bool
    /// Nil means refuse.
    public let broken: ImageReading.Broken?
    /// Nil means white.
    public let background: Int?
    public private(set) var embeddings: String?
    public let count: Int?
    public let deviation: Double?
    public private(set) var transforms: [ImageTransform]
    public private(set) var range: SampleRange
    public private(set) var order: SampleOrder
    /// In mebibytes.
    public let memoryLimit: Int
    public let seed: UInt64

    /// The folder of the images, if they are listed and not named by a manifest.
    package var imageFolder: String? {
        guard BuiltIn(rawValue: name)?.isFolder == true, let path else { return nil }
        return FileSystem.isFolder(DatasetArchive.expanded(path)) ? DatasetArchive.expanded(path) : nil
    }

    public init(from reader: ConfigReader) throws {
        name = try reader.string(
            "name",
            "A set with a manifest (mnist, fashion-mnist, cifar10, facades), or one of: "
                + BuiltIn.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        let kind = BuiltIn(rawValue: name)
        path = try reader.optionalString(
            "path", affects: kind?.isFolder == true ? .result : .nothing,
            "The folder or archive of images or pairs, or of trainA (conditions) and trainB (samples) for "
                + "unpaired; for other sets, their location, which disables the search. A relative path starts at "
                + "the working folder.")
        split = try reader.choice(
            "split", default: DatasetSplit.train, "The training samples, the test samples, or the held-out samples.")
        classes = try Self.classes(from: reader)
        limit = try reader.optionalInteger(
            "limit", in: 1..., "Uses only this many samples, the first as limitOrder counts them.")
        limitOrder = try reader.choice(
            "limitOrder", default: LimitOrder.source,
            "With 'limit': the first samples in the order of the files, or the first of each class in turn.")
        holdout = try reader.number(
            "holdout", in: 0..<1, default: 0, "Fraction of the training samples held out for validation.")
        input = try reader.optionalChoice("input", "For pairs: the half that the generator reads.")
        unpaired = try reader.boolean(
            "unpaired", default: false,
            "For pairs: whether each sample comes with the condition of any pair, drawn independently.")
        broken = try reader.optionalChoice(
            "broken",
            "For image files: whether a file that cannot be decoded is an error before training, or is skipped "
                + "and counted; default: refuse.")
        background = try reader.optionalInteger(
            "background", in: 0...255,
            "For image files: the grey level behind transparent parts; default: 255 (white).")
        embeddings = try reader.optionalString(
            "embeddings",
            "A .npy or .safetensors file [samples, size] with a vector for each sample of the split, "
                + "before holdout, classes and limit.")
        count = try reader.optionalInteger(
            "count", in: 1...100_000_000, "For synthetic sets: the number of samples.")
        deviation = try reader.optionalNumber(
            "deviation", in: .positive, "For Gaussian mixtures: the standard deviation of each mode.")
        transforms = try reader.array(
            "transforms", of: ImageTransform.registry, default: [], "The transforms of each image, in order.")
        range = try reader.choice(
            "range", default: SampleRange.signed, "Whether images are in [-1, 1] (signed) or in [0, 1] (unit).")
        order = try reader.choice(
            "order", default: SampleOrder.shuffled,
            "Whether each epoch has a random order (shuffled) or the order of the files (file).")
        memoryLimit = try reader.integer(
            "memoryLimit", in: 0...1_048_576, default: 512, affects: .nothing,
            "Maximum mebibytes for caching decoded and resized images.")
        seed = UInt64(
            try reader.integer(
                "seed", in: 0..., default: 0, "Random seed of synthetic samples and of the held-out selection."))
        guard !reader.isDescribing else { return }
        do {
            try check()
        } catch DatasetError.unfitSetting(let key, let reason) {
            throw reader.fail(key, reason)
        }
    }

    /// Data as stated by the section of a config, with the same defaults.
    ///
    /// - Parameter memoryLimit: in mebibytes.
    ///
    /// Throws: `DatasetError.unfitSetting`.
    public init(
        name: String, path: String? = nil, split: DatasetSplit = .train, classes: [ClassReference]? = nil,
        limit: Int? = nil, limitOrder: LimitOrder = .source, holdout: Double = 0, input: ImagePairs.Side? = nil,
        unpaired: Bool = false,
        broken: ImageReading.Broken? = nil, background: Int? = nil, embeddings: String? = nil, count: Int? = nil,
        deviation: Double? = nil, transforms: [ImageTransform] = [],
        range: SampleRange = .signed, order: SampleOrder = .shuffled, memoryLimit: Int = 512, seed: UInt64 = 0
    ) throws {
        self.name = name
        self.path = path
        self.split = split
        self.classes = classes
        self.limit = limit
        self.limitOrder = limitOrder
        self.holdout = holdout
        self.input = input
        self.unpaired = unpaired
        self.broken = broken
        self.background = background
        self.embeddings = embeddings
        self.count = count
        self.deviation = deviation
        self.transforms = transforms
        self.range = range
        self.order = order
        self.memoryLimit = memoryLimit
        self.seed = seed
        try check()
    }

    /// Rejects incompatible settings.
    private func check() throws {
        func require(_ condition: Bool, _ key: String, _ reason: String) throws {
            if !condition { throw DatasetError.unfitSetting(key: key, reason: reason) }
        }
        let kind = BuiltIn(rawValue: name)
        try require(!name.isEmpty, "name", "expected the name of a dataset")
        try require(path?.utf8.contains(0) != true, "path", "a path cannot contain a zero byte")
        if kind?.isFolder == true {
            try require(path?.isEmpty == false, "name", "'\(name)' needs the key 'path', the folder of the images")
        }
        let synthetic = BuiltIn.allCases.filter(\.isSynthetic).map(\.rawValue)
        let near = kind == nil ? nearestName(to: name, in: synthetic) : nil
        try require(
            count == nil || kind?.isSynthetic == true, "count",
            "'\(name)' is not synthetic"
                + (near.map { ". Did you mean '\($0)'?" } ?? "; use 'limit' for fewer samples"))
        let isMixture = kind == .ring || kind == .grid
        try require(deviation == nil || isMixture, "deviation", "'\(name)' is not a Gaussian mixture")
        try require(transforms.isEmpty || !isMixture, "transforms", "'\(name)' has points, not images")
        try require(range == .signed || !isMixture, "range", "'\(name)' has points, not images")
        try require(classes == nil || !isMixture, "classes", "'\(name)' is drawn from all modes")
        try require(limit == nil || !isMixture, "limit", "'\(name)' is synthetic; use 'count' for fewer samples")
        try require(limitOrder == .source || limit != nil, "limitOrder", "there is no 'limit'")
        try require(
            holdout == 0 || kind?.isSynthetic != true, "holdout",
            "'\(name)' is synthetic: its test and validation samples are drawn apart")
        try require(embeddings?.isEmpty != true, "embeddings", "expected the path of a file")
        try require(embeddings == nil || !isMixture, "embeddings", "'\(name)' has points, not images")
        try require(classes == nil || kind != .unpaired, "classes", "'unpaired' has domains, not classes")
        if let kind, kind != .pairs {
            try require(input == nil, "input", "'\(name)' has no pairs")
            try require(!unpaired || kind == .unpaired, "unpaired", "'\(name)' has no pairs")
        }
    }

    /// Names and indices may be mixed.
    private static func classes(from reader: ConfigReader) throws -> [ClassReference]? {
        guard let node = try reader.optionalNode("classes", "Uses only these classes, given by name or index.")
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

extension DatasetConfiguration {
    /// The data for evaluation: another split, without the random parts of training, so crops are centred and nothing
    /// is mirrored.
    ///
    /// - Parameter takesAll: whether to remove a limit on the number of samples.
    public func deterministic(split: DatasetSplit, takesAll: Bool = false) -> DatasetConfiguration {
        var data = self
        data.split = split
        if takesAll { (data.limit, data.limitOrder) = (nil, .source) }
        data.transforms = transforms.compactMap(\.deterministic)
        (data.range, data.order) = (.signed, .shuffled)
        return data
    }

    /// The same data, with paths relative to a given folder instead of the working folder.
    package func relative(to folder: String) -> DatasetConfiguration {
        func joined(_ path: String) -> String {
            path.hasPrefix("/") || path.hasPrefix("~") ? path : folder + "/" + path
        }
        var data = self
        data.path = path.map(joined)
        data.embeddings = embeddings.map(joined)
        return data
    }

    /// The same data, at the place that another configuration names.
    package func placed(as other: DatasetConfiguration) -> DatasetConfiguration {
        var data = self
        (data.path, data.embeddings) = (other.path, other.embeddings)
        return data
    }

    /// The key that names a file or folder, or one above it; nil for a place that these data do not use.
    package func key(naming place: String) -> String? {
        [("path", path), ("embeddings", embeddings)].first { _, named in
            guard let named = named.map({ DatasetArchive.expanded($0) }) else { return false }
            return place == named || place.hasPrefix(named.hasSuffix("/") ? named : named + "/")
        }?.0
    }

    /// The section of a config that describes these data.
    public var node: ConfigNode {
        var object: ConfigObject = ["name": ConfigNode(name)]
        object["path"] = path.map { ConfigNode($0) }
        object["split"] = ConfigNode(split.rawValue)
        object["classes"] = classes.map { classes in
            ConfigNode(
                classes.map { reference in
                    switch reference {
                    case .name(let name): ConfigNode(name)
                    case .index(let index): ConfigNode(index)
                    }
                })
        }
        object["limit"] = limit.map { ConfigNode($0) }
        object["limitOrder"] = ConfigNode(limitOrder.rawValue)
        object["holdout"] = ConfigNode(holdout)
        object["input"] = input.map { ConfigNode($0.rawValue) }
        object["unpaired"] = ConfigNode(unpaired)
        object["broken"] = broken.map { ConfigNode($0.rawValue) }
        object["background"] = background.map { ConfigNode($0) }
        object["embeddings"] = embeddings.map { ConfigNode($0) }
        object["count"] = count.map { ConfigNode($0) }
        object["deviation"] = deviation.map { ConfigNode($0) }
        object["transforms"] = ConfigNode(transforms.map(\.node))
        object["range"] = ConfigNode(range.rawValue)
        object["order"] = ConfigNode(order.rawValue)
        object["memoryLimit"] = ConfigNode(memoryLimit)
        object["seed"] = ConfigNode(.number(String(seed)))
        return ConfigNode(object)
    }

    /// The identity of the samples: the SHA-256 of the values that they depend on.
    ///
    /// Throws `ConfigError` for numbers that a config cannot represent.
    public func digest() throws -> String {
        try ConfigReader.decode(Self.self, from: node).resolved.identity(of: [.result]).digest
    }
}
