/// A source of images: `count` stored images, each read as bytes by its index.
///
/// Reading uses no shared state, so several threads can read at the same time, each with its own scratch.
public protocol ImageSource: Sendable {
    var count: Int { get }
    /// The shape of the first image. Images of a folder may differ; a transform must then make them equal.
    var shape: ImageShape { get }
    /// 2 if the channels contain a pair, the target before the condition; else 1.
    var halves: Int { get }
    /// One class index per image; nil without labels.
    var labels: [Int32]? { get }
    /// The name of each class; empty if there are no labels.
    var classNames: [String] { get }
    /// The bytes of pixels and labels that stay in memory.
    var residentBytes: Int { get }
    /// Whether each read decodes a file, so that caching the result is worthwhile.
    var isDecoded: Bool { get }
    /// A fingerprint of the contents of the image files; nil if the images do not come from files.
    var fingerprint: DatasetFingerprint? { get }
    /// Remarks about how the images were found, one line each.
    var notes: [String] { get }
    /// The name of image `index` in messages: a path, or a file and a number.
    func name(of index: Int) -> String
    /// The shape of image `index`, which can be found without decoding.
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

/// Images of one shape in memory, 8 bits per value, one after another.
public struct StoredImages: ImageSource {
    public let count: Int
    public let shape: ImageShape
    public let labels: [Int32]?
    public let classNames: [String]
    let pixels: [UInt8]
    /// The name of these images in messages.
    let origin: String
    public internal(set) var fingerprint: DatasetFingerprint?
    public internal(set) var notes: [String] = []

    public init(origin: String, shape: ImageShape, pixels: [UInt8], labels: [Int32]?, classNames: [String]) {
        precondition(pixels.count % shape.count == 0, "\(pixels.count) pixels are not whole images \(shape)")
        count = pixels.count / shape.count
        precondition(labels == nil || labels?.count == count, "\(count) images need as many labels")
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
