import AgonTensors

/// Samples of one set with conditions of another, each drawn in its own order: images of two domains without pairs.
///
/// Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017,
/// arXiv:1703.10593.
public struct UnpairedImages: Dataset {
    public let samples: any Dataset
    public let conditions: any Dataset

    public init(samples: any Dataset, conditions: any Dataset) {
        precondition(
            samples.conditionShape == nil && conditions.conditionShape == nil, "an unpaired set needs unpaired sets")
        self.samples = samples
        self.conditions = conditions
    }

    public var independentConditions: (any Dataset)? { conditions }
    public var conditionShape: Shape? { conditions.sampleShape }
    public var residentBytes: Int { samples.residentBytes + conditions.residentBytes }

    public var count: Int { samples.count }
    public var sampleShape: Shape { samples.sampleShape }
    public var labels: [Int32]? { samples.labels }
    public var classNames: [String] { samples.classNames }
    public var drawCount: Int { samples.drawCount }
    public var embeddingSize: Int? { samples.embeddingSize }
    public var fingerprint: DatasetFingerprint? { .combining([samples.fingerprint, conditions.fingerprint]) }
    public var notes: [String] { samples.notes + conditions.notes.filter { !samples.notes.contains($0) } }

    public func write(
        _ index: Int, draws: UnsafeBufferPointer<UInt32>, sample: UnsafeMutableBufferPointer<Float>,
        condition: UnsafeMutableBufferPointer<Float>, scratch: ImageScratch
    ) throws {
        try samples.write(index, draws: draws, sample: sample, condition: condition, scratch: scratch)
    }

    public func writeEmbedding(_ index: Int, into target: UnsafeMutableBufferPointer<Float>) {
        samples.writeEmbedding(index, into: target)
    }
}
