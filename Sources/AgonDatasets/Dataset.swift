import AgonTensors

/// A finite set of samples of one shape. Each sample is a deterministic function of its index and given random words.
public protocol Dataset: Sendable {
    var count: Int { get }
    /// `[H, W, C]` for images, in [-1, 1] unless the set has another range; `[2]` for points.
    var sampleShape: Shape { get }
    /// The shape of the condition image of each sample, in [-1, 1]; nil for sets without condition images.
    var conditionShape: Shape? { get }
    /// The set from which conditions are drawn independently (unpaired data); nil if `write` writes the conditions.
    var independentConditions: (any Dataset)? { get }
    /// The length of each sample's embedding, such as that of a describing sentence; nil if there is none.
    var embeddingSize: Int? { get }
    /// One class index per sample; nil without labels.
    var labels: [Int32]? { get }
    /// The name of each class; empty if there are no labels.
    var classNames: [String] { get }
    /// The bytes of memory that the set uses after all samples were read.
    var residentBytes: Int { get }
    /// The number of random words per sample; 0 if samples are the same in each epoch.
    var drawCount: Int { get }
    /// The modes from which points were drawn, and their standard deviation in each direction; nil for other data.
    var mixture: (centres: [[Float]], deviation: Float)? { get }

    /// A fingerprint of the contents of the files that were read; nil for sets that read no files.
    ///
    /// Two sets with the same configuration and fingerprint have the same samples.
    var fingerprint: DatasetFingerprint? { get }
    /// Remarks about how the data were found and which part is used, one line each.
    var notes: [String] { get }

    /// Writes sample `index`.
    ///
    /// - Parameter draws: `drawCount` random words; the sample depends only on them and on the index.
    /// - Parameter sample: `sampleShape.count` values, overwritten.
    /// - Parameter condition: `conditionShape.count` values, overwritten; empty if there are no conditions or if they
    ///   are independent.
    func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch) throws

    /// Writes the embedding of sample `index`: `embeddingSize` values, overwritten.
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
        preconditionFailure("the set has no embeddings")
    }

    /// The number of condition values that `write` writes.
    var writtenConditionSize: Int { independentConditions == nil ? conditionShape?.count ?? 0 : 0 }

    /// The samples `indices` as one tensor `[N] + sampleShape`. The random words are zero: nothing is mirrored, and
    /// random crops are at the top left.
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
