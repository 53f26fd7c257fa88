import AgonTensors

/// A small subset of a dataset, evenly distributed over its classes: the labelled samples of semi-supervised learning.
///
/// It takes the first samples of each class and shares pixels and memory with the whole dataset. Labels, classes and
/// sample shape are those of the whole dataset.
public struct BalancedSubset: Dataset {
    public let whole: any Dataset
    /// The indices of the chosen samples in the whole dataset, ascending.
    public let indices: [Int]
    public let labels: [Int32]?

    /// - Parameter size: the number of samples; if the classes do not divide it evenly, the first classes get one more.
    ///
    /// Throws: `DatasetError.unlabelledSubset`, `.subsetTooSmall`, `.tooFewOfClass`.
    public init(of whole: any Dataset, size: Int) throws {
        guard let labels = whole.labels, !whole.classNames.isEmpty else { throw DatasetError.unlabelledSubset }
        let classes = whole.classNames.count
        guard size >= classes else { throw DatasetError.subsetTooSmall(size: size, classes: classes) }
        var wanted = (0..<classes).map { size / classes + ($0 < size % classes ? 1 : 0) }
        var indices: [Int] = []
        indices.reserveCapacity(min(size, labels.count))
        for (index, label) in labels.enumerated() where wanted[Int(label)] > 0 {
            wanted[Int(label)] -= 1
            indices.append(index)
        }
        if let short = wanted.firstIndex(where: { $0 > 0 }) {
            let share = size / classes + (short < size % classes ? 1 : 0)
            throw DatasetError.tooFewOfClass(
                whole.classNames[short], samples: share - wanted[short], needed: share)
        }
        self.whole = whole
        self.indices = indices
        self.labels = indices.map { labels[$0] }
    }

    public var count: Int { indices.count }
    public var residentBytes: Int { whole.residentBytes + count * (MemoryLayout<Int>.size + MemoryLayout<Int32>.size) }

    public var sampleShape: Shape { whole.sampleShape }
    public var conditionShape: Shape? { whole.conditionShape }
    public var independentConditions: (any Dataset)? { whole.independentConditions }
    public var classNames: [String] { whole.classNames }
    public var drawCount: Int { whole.drawCount }
    public var embeddingSize: Int? { whole.embeddingSize }
    public var fingerprint: DatasetFingerprint? { whole.fingerprint }
    public var notes: [String] { whole.notes }
    public var mixture: (centres: [[Float]], deviation: Float)? { whole.mixture }

    public func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch
    ) throws {
        try whole.write(indices[index], draws: draws, sample: sample, condition: condition, scratch: scratch)
    }

    public func writeEmbedding(_ index: Int, into target: UnsafeMutableBufferPointer<Float>) {
        whole.writeEmbedding(indices[index], into: target)
    }
}
