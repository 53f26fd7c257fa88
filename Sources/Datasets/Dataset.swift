import Tensors

/// A finite set of samples of one shape, each an exact function of its index and of the random words it is handed.
public protocol Dataset: Sendable {
    var count: Int { get }
    /// `[H, W, C]` for images, in [-1, 1]; `[2]` for points.
    var sampleShape: Shape { get }
    /// The shape of the condition that comes with each sample of a paired set, in [-1, 1]; else nil.
    var conditionShape: Shape? { get }
    /// One class index per sample, or nil.
    var labels: [Int32]? { get }
    /// The name of each class, empty when there are no labels.
    var classNames: [String] { get }
    /// The bytes that the set keeps in memory once all samples were read.
    var residentBytes: Int { get }
    /// The random words that one sample takes, 0 when samples are the same in each epoch.
    var drawCount: Int { get }

    /// Writes sample `index`.
    ///
    /// - Parameter draws: `drawCount` random words; the sample depends on them and on the index alone.
    /// - Parameter sample: `sampleShape.count` values, overwritten.
    /// - Parameter condition: `conditionShape.count` values, overwritten; empty without conditions.
    func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: PictureScratch) throws
}

extension Dataset {
    public var conditionShape: Shape? { nil }
    public var drawCount: Int { 0 }

    /// Samples `indices` as one tensor `[N] + sampleShape`. The random words are zero: nothing is mirrored, and random
    /// crops are those at the top left.
    public func samples(_ indices: some Collection<Int>) throws -> Tensor {
        let size = sampleShape.count
        var values = [Float](repeating: 0, count: indices.count * size)
        var condition = [Float](repeating: 0, count: conditionShape?.count ?? 0)
        let draws = [UInt32](repeating: 0, count: drawCount)
        let scratch = PictureScratch()
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
