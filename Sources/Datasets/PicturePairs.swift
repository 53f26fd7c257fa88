/// Pairs of pictures that stand side by side in one file: the condition that a generator reads, and the target.
///
/// A pair is read as one picture whose channels are the target's, then the condition's, so that each transform treats
/// both halves alike. Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", 2017,
/// arXiv:1611.07004.
public struct PicturePairs: PictureSource {
    /// The half of the file that a generator reads.
    public enum Side: String, Hashable, Sendable, CaseIterable { case left, right }

    public let shape: PictureShape
    let folder: PictureFolder
    let input: Side

    /// Throws: as `PictureFolder`, and `DatasetError.oddPair` when the first file cannot be halved.
    public init(path: String, input: Side) throws {
        folder = try PictureFolder(path: path)
        self.input = input
        shape = try Self.halved(folder.shape, name: folder.name(of: 0))
    }

    public var count: Int { folder.count }
    public var halves: Int { 2 }
    public var labels: [Int32]? { folder.labels }
    public var classNames: [String] { folder.classNames }
    public var residentBytes: Int { folder.residentBytes }
    public var isDecoded: Bool { true }
    public func name(of index: Int) -> String { folder.name(of: index) }

    public func read(_ index: Int, scratch: PictureScratch) throws {
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

    private static func halved(_ shape: PictureShape, name: String) throws -> PictureShape {
        guard shape.width % 2 == 0 else { throw DatasetError.oddPair(path: name, width: shape.width) }
        return PictureShape(height: shape.height, width: shape.width / 2, channels: 2 * shape.channels)
    }
}
