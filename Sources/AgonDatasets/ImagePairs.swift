/// Pairs of images side by side in one file: the condition that a generator reads, and the target.
///
/// A pair is read as one image with the target's channels followed by the condition's, so each transform treats both
/// halves alike. Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", 2017,
/// arXiv:1611.07004.
public struct ImagePairs: ImageSource {
    /// The half of the file that the generator reads.
    public enum Side: String, Hashable, Sendable, CaseIterable { case left, right }

    public let shape: ImageShape
    let folder: ImageFolder
    let input: Side

    /// Throws: the errors of `ImageFolder`, and `DatasetError.oddPair` if the first file cannot be halved.
    public init(
        path: String, input: Side, reading: ImageReading = ImageReading(), cacheFolder: String? = nil
    ) throws {
        try self.init(folder: ImageFolder(path: path, reading: reading, cacheFolder: cacheFolder), input: input)
    }

    init(folder: ImageFolder, input: Side) throws {
        self.folder = folder
        self.input = input
        shape = try Self.halved(folder.shape, name: folder.name(of: 0))
    }

    public var count: Int { folder.count }
    public var halves: Int { 2 }
    public var labels: [Int32]? { folder.labels }
    public var classNames: [String] { folder.classNames }
    public var residentBytes: Int { folder.residentBytes }
    public var isDecoded: Bool { true }
    public var fingerprint: DatasetFingerprint? { folder.fingerprint }
    public var notes: [String] { folder.notes }
    public func name(of index: Int) -> String { folder.name(of: index) }
    public func shape(of index: Int) throws -> ImageShape {
        try Self.halved(folder.shape(of: index), name: name(of: index))
    }

    public func read(_ index: Int, scratch: ImageScratch) throws {
        try folder.read(index, scratch: scratch)
        let whole = scratch.front.shape
        let pair = try Self.halved(whole, name: name(of: index))
        scratch.back.reshape(pair)
        let channels = whole.channels
        let target = input == .right ? 0 : pair.width
        let condition = input == .right ? pair.width : 0
        scratch.front.pixels.withUnsafeBufferPointer { from in
            scratch.back.pixels.withUnsafeMutableBufferPointer { to in
                for row in 0..<pair.height {
                    for column in 0..<pair.width {
                        let start = (row * pair.width + column) * pair.channels
                        let left = row * whole.width + column
                        for channel in 0..<channels {
                            to[start + channel] = from[(left + target) * channels + channel]
                            to[start + channels + channel] = from[(left + condition) * channels + channel]
                        }
                    }
                }
            }
        }
        scratch.swap()
    }

    fileprivate static func halved(_ shape: ImageShape, name: String) throws -> ImageShape {
        guard shape.width % 2 == 0 else { throw DatasetError.oddPair(path: name, width: shape.width) }
        return ImageShape(height: shape.height, width: shape.width / 2, channels: 2 * shape.channels)
    }
}

/// One half of each pair, for training that must not know which images belong together.
struct PairHalf: ImageSource {
    enum Role { case target, condition }

    let pairs: ImagePairs
    let role: Role

    var count: Int { pairs.count }
    var shape: ImageShape { Self.half(pairs.shape) }
    var labels: [Int32]? { pairs.labels }
    var classNames: [String] { pairs.classNames }
    var residentBytes: Int { pairs.residentBytes }
    var isDecoded: Bool { true }
    var fingerprint: DatasetFingerprint? { pairs.fingerprint }
    var notes: [String] { pairs.notes }
    func name(of index: Int) -> String { pairs.name(of: index) }
    func shape(of index: Int) throws -> ImageShape { Self.half(try pairs.shape(of: index)) }

    func read(_ index: Int, scratch: ImageScratch) throws {
        try pairs.folder.read(index, scratch: scratch)
        let half = Self.half(try ImagePairs.halved(scratch.front.shape, name: name(of: index)))
        let isLeft = (role == .condition) == (pairs.input == .left)
        scratch.front.crop(
            top: 0, left: isLeft ? 0 : half.width, height: half.height, width: half.width, into: &scratch.back)
        scratch.swap()
    }

    private static func half(_ pair: ImageShape) -> ImageShape {
        ImageShape(height: pair.height, width: pair.width, channels: pair.channels / 2)
    }
}
