/// Where images come from: `count` stored images, each read as bytes by its index.
///
/// Reading is free of shared state, so several threads may read at once, each with its scratch.
public protocol ImageSource: Sendable {
    var count: Int { get }
    /// The shape of the first image. Those of a folder may differ; a transform then makes them equal.
    var shape: ImageShape { get }
    /// 2 when the channels hold a pair, the target before the condition; else 1.
    var halves: Int { get }
    /// One class index per image, or nil.
    var labels: [Int32]? { get }
    /// The name of each class, empty when there are no labels.
    var classNames: [String] { get }
    /// The bytes of pixels and labels that stay in memory.
    var residentBytes: Int { get }
    /// Whether a read decodes a file, so that keeping the result is worth its memory.
    var isDecoded: Bool { get }
    /// What identifies the files that the images come from by their contents; nil where they come from none.
    var fingerprint: DatasetFingerprint? { get }
    /// What there is to say about how the images were found: a line each.
    var notes: [String] { get }
    /// What messages call image `index`: a path, or a file and a number.
    func name(of index: Int) -> String
    /// The shape of image `index`, which need not be decoded for it.
    func shape(of index: Int) throws -> ImageShape
    /// Reads image `index` into `scratch.front`.
    func read(_ index: Int, scratch: ImageScratch) throws
}

extension ImageSource {
    public var halves: Int { 1 }
    public var isDecoded: Bool { false }
    public var fingerprint: DatasetFingerprint? { nil }
    public var notes: [String] { [] }
    public func shape(of index: Int) throws -> ImageShape { shape }
}

/// Images of one shape that lie in memory, 8 bits a value, one after another.
public struct StoredImages: ImageSource {
    public let count: Int
    public let shape: ImageShape
    public let labels: [Int32]?
    public let classNames: [String]
    let pixels: [UInt8]
    /// What messages call these images.
    let origin: String
    public internal(set) var fingerprint: DatasetFingerprint?
    public internal(set) var notes: [String] = []

    public init(origin: String, shape: ImageShape, pixels: [UInt8], labels: [Int32]?, classNames: [String]) {
        precondition(pixels.count % shape.count == 0, "\(pixels.count) pixels are no whole images \(shape)")
        count = pixels.count / shape.count
        precondition(labels == nil || labels?.count == count, "\(count) images with another number of labels")
        self.origin = origin
        self.shape = shape
        self.pixels = pixels
        self.labels = labels
        self.classNames = classNames
    }

    public var residentBytes: Int { pixels.count + (labels?.count ?? 0) * MemoryLayout<Int32>.size }

    public func name(of index: Int) -> String { "\(origin), image \(index)" }

    public func read(_ index: Int, scratch: ImageScratch) {
        precondition(index >= 0 && index < count, "image \(index) of \(count)")
        scratch.front.reshape(shape)
        pixels.withUnsafeBufferPointer { source in
            scratch.front.pixels.withUnsafeMutableBufferPointer { target in
                _ = target.update(fromContentsOf: source[index * shape.count..<(index + 1) * shape.count])
            }
        }
    }
}
