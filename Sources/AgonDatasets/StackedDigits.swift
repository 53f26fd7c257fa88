import AgonTensors

/// Three random grey digits in the three channels of an image: 1000 modes, labelled by the three-digit number they
/// form.
///
/// Metz et al., "Unrolled Generative Adversarial Networks", 2017, arXiv:1611.02163, section 3.3.1.
public struct StackedDigits: ImageSource {
    public let count: Int
    public let labels: [Int32]?
    let digits: StoredImages
    /// Three digit indices per image.
    let triples: [Int32]

    /// - Parameter digits: ten classes of grey images.
    ///
    /// Throws: `DatasetError.notDigits`.
    public init(digits: StoredImages, count: Int = 128_000, seed: UInt64 = 0) throws {
        guard let classes = digits.labels, digits.classNames.count == 10, digits.shape.channels == 1 else {
            throw DatasetError.notDigits(origin: digits.origin)
        }
        let words = RandomStream(seed: seed, purpose: "stacked digits").bits(count: 3 * count)
        let triples = words.map { Int32((UInt64($0) * UInt64(digits.count)) >> 32) }
        self.count = count
        self.digits = digits
        self.triples = triples
        labels = (0..<count).map { index in
            (0..<3).reduce(0) { $0 * 10 + classes[Int(triples[3 * index + $1])] }
        }
    }

    public var shape: ImageShape {
        ImageShape(height: digits.shape.height, width: digits.shape.width, channels: 3)
    }

    public var classNames: [String] {
        (0..<1000).map { String($0 / 100) + String($0 / 10 % 10) + String($0 % 10) }
    }

    public var residentBytes: Int { digits.residentBytes + 4 * count * MemoryLayout<Int32>.size }

    public var fingerprint: DatasetFingerprint? { digits.fingerprint }

    public var notes: [String] { digits.notes }

    public func name(of index: Int) -> String { "stacked digits, image \(index)" }

    public func read(_ index: Int, scratch: ImageScratch) {
        let size = digits.shape.count
        scratch.front.reshape(shape)
        digits.pixels.withUnsafeBufferPointer { source in
            scratch.front.pixels.withUnsafeMutableBufferPointer { target in
                for channel in 0..<3 {
                    let start = Int(triples[3 * index + channel]) * size
                    for pixel in 0..<size { target[3 * pixel + channel] = source[start + pixel] }
                }
            }
        }
    }
}
