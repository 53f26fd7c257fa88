import AgonDatasets
import AgonMetrics
import AgonSampling
import AgonTensors
import Foundation

/// Cached features of real samples, for the next evaluation of a run and for the next
/// run on the same data.
final class RealFeatures {
    /// The features of one set of samples.
    final class Set {
        let features: Features
        fileprivate var statistics: FeatureStatistics?

        init(_ features: Features) { self.features = features }
    }

    private var sets: [String: Set] = [:]

    /// The order of real samples: random, because datasets may be sorted by class, and the same for all runs.
    static func order(of dataset: any Dataset) -> [Int] {
        RandomStream(seed: 0, purpose: "evaluation, real samples").permutation(count: dataset.count)
    }

    /// Throws the errors of reading samples.
    func set(
        for plan: EvaluationPlan, order: [Int], extractor: FeatureExtractor?, resizer: ImageResizer?, threads: Int
    ) throws -> Set? {
        guard let extractor, let resizer else { return nil }
        if let known = sets[plan.realKey] { return known }
        let set = Set(
            try extractor.features(
                of: plan.dataset, order.prefix(plan.settings.realSamples), resizer: resizer, threads: threads))
        sets[plan.realKey] = set
        return set
    }

    /// Throws `MetricError`, `TensorsError`.
    func statistics(of set: Set, threads: Int) throws -> FeatureStatistics {
        if let known = set.statistics { return known }
        let made = try FeatureStatistics(set.features, set: "real", threads: threads)
        set.statistics = made
        return made
    }
}

extension FeatureExtractor {
    /// The features of some samples of a dataset, in order.
    ///
    /// - Parameter resizer: resizes images to the network's input; nil: they have its size.
    ///
    /// Throws what reading samples throws, `TensorsError`.
    func features(
        of dataset: any Dataset, _ indices: ArraySlice<Int>, resizer: ImageResizer?, threads: Int
    ) throws -> Features {
        var outputs = noOutputs
        let chunk = 512
        for start in stride(from: indices.startIndex, to: indices.endIndex, by: chunk) {
            let images = try dataset.images(indices[start..<min(start + chunk, indices.endIndex)], threads: threads)
            outputs.append(try self.outputs(for: images, resizedBy: resizer))
        }
        return outputs.matrix
    }
}

extension Dataset {
    /// Samples as 8-bit images, read by several threads.
    ///
    /// Throws the errors of reading a sample.
    func images(_ indices: ArraySlice<Int>, threads: Int) throws -> EightBitImages {
        let shape = ImageShape(height: sampleShape[0], width: sampleShape[1], channels: sampleShape[2])
        let workers = max(1, min(threads, indices.count / 32))
        let parts = Parts(count: workers)
        let length = indices.count
        runConcurrently(workers) { worker in
            let part = indices[
                indices.startIndex + length * worker / workers..<indices.startIndex + length * (worker + 1) / workers]
            parts.set(worker, Result { EightBitImages(try samples(part)) })
        }
        return EightBitImages(shape: shape, pixels: try parts.values().flatMap(\.pixels))
    }
}

/// The results of each thread.
private final class Parts: @unchecked Sendable {
    private let lock = NSLock()
    private var parts: [Result<EightBitImages, any Error>?]

    init(count: Int) { parts = Array(repeating: nil, count: count) }

    func set(_ index: Int, _ part: Result<EightBitImages, any Error>) { lock.withLock { parts[index] = part } }

    func values() throws -> [EightBitImages] { try lock.withLock { try parts.compactMap { try $0?.get() } } }
}
