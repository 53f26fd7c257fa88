import AgonTensors
import Synchronization

/// Selected and transformed images of a source, as samples `[H, W, C]`.
///
/// The transforms before the first random one give the same result in each epoch. This result is cached if caching
/// saves work and fits the memory limit, so later epochs need not decode or resize again.
public struct ImageDataset: Dataset {
    public let sampleShape: Shape
    public let conditionShape: Shape?
    public let labels: [Int32]?
    public let classNames: [String]
    public let fingerprint: DatasetFingerprint?
    let source: any ImageSource
    /// The indices of the chosen images in the source, in order.
    let indices: [Int]
    let transforms: [ImageTransform]
    private let range: SampleRange
    private let embeddings: SampleEmbeddings?
    /// The number of leading transforms whose result is the same in each epoch.
    private let steadyCount: Int
    private let memory: ImageMemory?
    private let selectionNote: String?
    private let outputShape: ImageShape

    /// - Parameter range: the range of the samples' values.
    /// - Parameter memoryLimit: the maximum number of bytes for caching decoded and resized images.
    /// - Parameter embeddings: one vector for each chosen image.
    ///
    /// Throws: `DatasetError.impossibleCrop`, `.imageTooSmall`, `.unequalImage`.
    public init(
        source: any ImageSource, selection: SampleSelection, transforms: [ImageTransform],
        range: SampleRange = .signed, memoryLimit: Int = 512 << 20, embeddings: SampleEmbeddings? = nil
    ) throws {
        let indices = selection.indices
        precondition(
            embeddings.map { $0.count == indices.count } ?? true, "\(indices.count) images need as many embeddings")
        var shape = source.shape
        var steadyShape = shape
        let steadyCount = transforms.firstIndex { $0.drawCount > 0 } ?? transforms.count
        for (position, transform) in transforms.enumerated() {
            shape = try transform.outputShape(of: shape, halves: source.halves)
            if position < steadyCount { steadyShape = shape }
        }
        try Self.checkShapes(indices, of: source, transforms: transforms, expected: shape)
        self.source = source
        self.embeddings = embeddings
        fingerprint = .combining([source.fingerprint, embeddings?.fingerprint])
        selectionNote = selection.note
        self.indices = indices
        self.transforms = transforms
        self.range = range
        self.steadyCount = steadyCount
        outputShape = shape
        labels = source.labels.map { labels in indices.map { selection.classMap[Int(labels[$0])] ?? labels[$0] } }
        classNames = selection.classNames
        let channels = shape.channels / source.halves
        let half = Shape([shape.height, shape.width, channels])
        sampleShape = half
        conditionShape = source.halves == 2 ? half : nil
        let (bytes, overflow) = indices.count.multipliedReportingOverflow(by: steadyShape.count)
        let isWorthwhile = source.isDecoded || steadyCount > 0
        memory =
            isWorthwhile && !overflow && bytes <= memoryLimit
            ? ImageMemory(count: indices.count, shape: steadyShape) : nil
    }

    /// The images of a folder, each resized to a square, with labels if there are class folders.
    ///
    /// - Parameters:
    ///   - fit: how images that are not square are made square.
    ///   - mirrors: whether images are randomly mirrored left to right.
    ///
    /// Throws: `DatasetError`.
    public init(
        folder: String, size: Int, fit: ImageTransform.Fit = .cover, mirrors: Bool = true
    ) throws {
        let images = try ImageFolder(path: folder)
        var transforms: [ImageTransform] = [
            .rgb, .resize(height: size, width: size, fit: fit),
        ]
        if mirrors { transforms.append(.mirror) }
        try self.init(
            source: images,
            selection: SampleSelection(
                count: images.count, labels: images.labels, classNames: images.classNames, origin: folder),
            transforms: transforms)
    }

    /// Checks, before any image is read, that the transforms give all images the shape of the first.
    private static func checkShapes(
        _ indices: [Int], of source: any ImageSource, transforms: [ImageTransform], expected: ImageShape
    ) throws {
        var sound: Set<ImageShape> = [source.shape]
        for index in indices {
            let stored = try source.shape(of: index)
            if sound.contains(stored) { continue }
            var shape = stored
            for transform in transforms {
                do {
                    shape = try transform.outputShape(of: shape, halves: source.halves)
                } catch DatasetError.impossibleCrop(let transform, let height, let width, let image) {
                    throw DatasetError.imageTooSmall(
                        path: source.name(of: index), transform: transform, height: height, width: width, image: image)
                }
            }
            guard shape == expected else {
                throw DatasetError.unequalImage(path: source.name(of: index), shape: shape, expected: expected)
            }
            sound.insert(stored)
        }
    }

    public var count: Int { indices.count }

    /// The source of the images, before selection and transforms.
    package var images: any ImageSource { source }

    public var notes: [String] { source.notes + (selectionNote.map { [$0] } ?? []) }

    public var residentBytes: Int {
        source.residentBytes + keptBytes + indices.count * MemoryLayout<Int>.size
            + (embeddings?.values.count ?? 0) * MemoryLayout<Float>.size
    }

    /// The bytes used to cache decoded and resized images.
    var keptBytes: Int { memory?.byteCount ?? 0 }

    public var embeddingSize: Int? { embeddings?.size }

    public func writeEmbedding(_ index: Int, into target: UnsafeMutableBufferPointer<Float>) {
        guard let embeddings else { preconditionFailure("the set has no embeddings") }
        embeddings.write(index, into: target)
    }

    public var drawCount: Int { transforms.reduce(0) { $0 + $1.drawCount } }

    public func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch
    ) throws {
        precondition(index >= 0 && index < count, "sample \(index) of \(count)")
        precondition(draws.count == drawCount, "\(draws.count) random words for \(drawCount)")
        if memory?.recall(index, into: &scratch.front) != true {
            try source.read(indices[index], scratch: scratch)
            try apply(transforms[..<steadyCount], draws: draws, index: index, scratch: scratch)
            memory?.keep(index, scratch.front)
        }
        try apply(transforms[steadyCount...], draws: draws, index: index, scratch: scratch)
        guard scratch.front.shape == outputShape else {
            throw DatasetError.unequalImage(
                path: source.name(of: indices[index]), shape: scratch.front.shape, expected: outputShape)
        }
        let channels = sampleShape[2]
        scratch.front.pixels.withUnsafeBufferPointer { pixels in
            if source.halves == 1 {
                for position in 0..<sample.count { sample[position] = range.value(ofLevel: pixels[position]) }
            } else {
                for pixel in 0..<sample.count / channels {
                    for channel in 0..<channels {
                        let from = 2 * pixel * channels + channel
                        sample[pixel * channels + channel] = range.value(ofLevel: pixels[from])
                        condition[pixel * channels + channel] = range.value(ofLevel: pixels[from + channels])
                    }
                }
            }
        }
    }

    private func apply(
        _ steps: ArraySlice<ImageTransform>, draws: UnsafeBufferPointer<UInt32>, index: Int,
        scratch: ImageScratch
    ) throws {
        var used = 0
        for step in steps {
            let words = UnsafeBufferPointer(rebasing: draws[used..<used + step.drawCount])
            used += step.drawCount
            do {
                try step.apply(to: scratch, draws: words, halves: source.halves)
            } catch DatasetError.impossibleCrop(let transform, let height, let width, let image) {
                // The check used one image, the first, which was larger.
                throw DatasetError.imageTooSmall(
                    path: source.name(of: indices[index]), transform: transform, height: height, width: width,
                    image: image)
            }
        }
    }
}

/// A cache of images of one shape, as they were first computed. Unused entries take no physical memory.
private final class ImageMemory: @unchecked Sendable {
    private let shape: ImageShape
    private let pixels: UnsafeMutableBufferPointer<UInt8>
    /// Which images are cached; the lock also orders the writes and reads of their pixels.
    private let isKept: Mutex<[Bool]>

    init(count: Int, shape: ImageShape) {
        self.shape = shape
        pixels = .allocate(capacity: count * shape.count)
        isKept = Mutex([Bool](repeating: false, count: count))
    }

    deinit { pixels.deallocate() }

    var byteCount: Int { pixels.count }

    func recall(_ index: Int, into image: inout Image) -> Bool {
        guard isKept.withLock({ $0[index] }) else { return false }
        image.reshape(shape)
        image.pixels.withUnsafeMutableBufferPointer { target in
            _ = target.update(fromContentsOf: pixels[index * shape.count..<(index + 1) * shape.count])
        }
        return true
    }

    func keep(_ index: Int, _ image: Image) {
        guard image.shape == shape else { return }
        isKept.withLock { isKept in
            if isKept[index] { return }
            image.pixels.withUnsafeBufferPointer { source in
                for position in 0..<shape.count { pixels[index * shape.count + position] = source[position] }
            }
            isKept[index] = true
        }
    }
}
