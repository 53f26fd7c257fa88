import AgonTensors

/// A finite set of samples of one shape, each an exact function of its index and of the random words it is handed.
public protocol Dataset: Sendable {
    var count: Int { get }
    /// `[H, W, C]` for images, in [-1, 1] unless the set's range is another; `[2]` for points.
    var sampleShape: Shape { get }
    /// The shape of the condition image that comes with each sample, in [-1, 1]; nil for sets without.
    var conditionShape: Shape? { get }
    /// The set of which conditions are drawn in an order of their own (unpaired data); nil where `write` writes them.
    var independentConditions: (any Dataset)? { get }
    /// The size of the vector that comes with each sample, such as of a sentence that describes it; else nil.
    var embeddingSize: Int? { get }
    /// One class index per sample, or nil.
    var labels: [Int32]? { get }
    /// The name of each class, empty when there are no labels.
    var classNames: [String] { get }
    /// The bytes that the set keeps in memory once all samples were read.
    var residentBytes: Int { get }
    /// The random words that one sample takes, 0 when samples are the same in each epoch.
    var drawCount: Int { get }
    /// The modes that points were drawn from, and their standard deviation in each direction; nil for other data.
    var mixture: (centres: [[Float]], deviation: Float)? { get }

    /// What identifies the files that were read by their contents; nil for sets that read none.
    ///
    /// Two sets of one configuration and one fingerprint have the same samples.
    var fingerprint: DatasetFingerprint? { get }
    /// What there is to say about how the data were found and what was taken of them: a line each.
    var notes: [String] { get }

    /// Writes sample `index`.
    ///
    /// - Parameter draws: `drawCount` random words; the sample depends on them and on the index alone.
    /// - Parameter sample: `sampleShape.count` values, overwritten.
    /// - Parameter condition: `conditionShape.count` values, overwritten; empty without conditions or with
    ///   independent ones.
    func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch) throws

    /// Writes the vector of sample `index`: `embeddingSize` values, overwritten.
    func writeEmbedding(_ index: Int, into target: UnsafeMutableBufferPointer<Float>)
}

extension Dataset {
    public var conditionShape: Shape? { nil }
    public var independentConditions: (any Dataset)? { nil }
    public var embeddingSize: Int? { nil }
    public var drawCount: Int { 0 }
    public var fingerprint: DatasetFingerprint? { nil }
    public var notes: [String] { [] }
    public var mixture: (centres: [[Float]], deviation: Float)? { nil }

    public func writeEmbedding(_ index: Int, into target: UnsafeMutableBufferPointer<Float>) {
        preconditionFailure("an embedding of a set without them")
    }

    /// The number of values of the condition that `write` writes.
    var writtenConditionSize: Int { independentConditions == nil ? conditionShape?.count ?? 0 : 0 }

    /// Samples `indices` as one tensor `[N] + sampleShape`. The random words are zero: nothing is mirrored, and random
    /// crops are those at the top left.
    public func samples(_ indices: some Collection<Int>) throws -> Tensor {
        let size = sampleShape.count
        var values = [Float](repeating: 0, count: indices.count * size)
        var condition = [Float](repeating: 0, count: writtenConditionSize)
        let draws = [UInt32](repeating: 0, count: drawCount)
        let scratch = ImageScratch()
        try values.withUnsafeMutableBufferPointer { values in
            try condition.withUnsafeMutableBufferPointer { condition in
                try draws.withUnsafeBufferPointer { draws in
                    for (row, index) in indices.enumerated() {
                        let sample = UnsafeMutableBufferPointer(rebasing: values[row * size..<(row + 1) * size])
                        try write(index, draws: draws, sample: sample, condition: condition, scratch: scratch)
                    }
                }
            }
        }
        return Tensor(shape: Shape([indices.count] + sampleShape.dimensions), values: values)
    }
}
