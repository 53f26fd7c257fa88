import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonMetrics
import AgonRuns
import AgonSampling
import AgonTensors

/// Measures a generator by the metrics of a plan. Features of real samples are computed once and cached.
///
/// Results depend only on the plan and the generator's weights; training state is neither read nor changed.
final class Evaluator {
    private let plan: EvaluationPlan
    private let extractor: FeatureExtractor?
    private let resizer: ImageResizer?
    private let pool: WorkerPool
    private let sampler: Sampler
    private let inputs: SampleInputs
    /// Nil if batch norms use their running statistics.
    private let standing: StandingStatistics?
    private let isAveraged: Bool
    private let reals: RealFeatures
    private let real: RealFeatures.Set?
    /// The mean similarity of pairs of real images, once it was measured.
    private var realSimilarity: (mean: Double, count: Int)?

    /// Images from which pairs are drawn for MS-SSIM, and the number of pairs.
    static let similarityImages = 500
    static let similarityPairs = 250
    /// Samples generated at a time.
    private static let chunk = 512

    /// - Parameters:
    ///   - generator: the network to measure; its variables are read at each measurement.
    ///   - isAveraged: whether its variables are averages.
    ///   - reals: features shared by evaluators.
    ///
    /// Throws what reading samples throws, `SamplingError.noStandingStatistics`, `RunError.badWeights`, `TensorsError`,
    /// `GraphError`.
    init(
        _ plan: EvaluationPlan, generator: Network, isAveraged: Bool, training: AdversarialConfiguration,
        reals: RealFeatures = RealFeatures(), pool: WorkerPool
    ) throws {
        self.plan = plan
        self.isAveraged = isAveraged
        self.pool = pool
        self.reals = reals
        let extractor = try plan.extractor?.load(pool: pool)
        self.extractor = extractor
        let settings = plan.settings
        if let extractor, let image = plan.image {
            resizer = ImageResizer(from: image, to: extractor.input)
        } else {
            resizer = nil
        }
        let order = RealFeatures.order(of: plan.dataset)
        real =
            try plan.metrics.contains(where: \.needsFeatures)
            ? reals.set(for: plan, order: order, extractor: extractor, resizer: resizer, threads: pool.threads) : nil
        let usesModes = plan.metrics.contains(.modes)
        let usesSamples = plan.metrics.contains { $0 != .modes }
        let count = max(usesSamples ? settings.samples : 0, usesModes ? settings.modeSamples : 0)
        sampler = try Sampler(
            generator, range: plan.range, conditionSize: training.task.conditionSize, count: count, pool: pool,
            seed: settings.seed)
        let stream = RandomStream(seed: settings.seed, purpose: "evaluation")
        guard
            let inputs = SampleInputs(training, count: count, latents: stream, dataset: plan.dataset, order: order)
        else { preconditionFailure("an evaluation without data") }
        self.inputs = inputs
        standing = try settings.standingStatistics.map {
            try StandingStatistics(
                of: generator, training: training, batches: $0, dataset: plan.dataset, pool: pool)
        }
    }

    /// Remarks on the coming measurement.
    var warnings: [String] {
        guard let extractor, real != nil else { return [] }
        let samples = min(plan.settings.samples, inputs.count)
        var warnings = [extractor.warning(samples: min(samples, real?.features.rows ?? samples))].compactMap(\.self)
        if let real, real.features.rows > 1, real.features.rowsAreEqual {
            warnings.append(
                "all \(real.features.rows) real images have the same features, so distances and precision say nothing; "
                    + "choose a classifier that knows such images")
        }
        return warnings
    }

    /// The values for the generator's current weights.
    ///
    /// Throws the errors of reading condition images, `MetricError` for NaN or infinite features, `TensorsError`.
    func measure(step: Int) throws -> [EvaluationValue] {
        let made = try standing?.during(collect) ?? collect()
        return try plan.metrics.flatMap { metric -> [EvaluationValue] in
            try values(of: metric, made).compactMap { name, value, identity in
                // The divergence is infinite if the distribution leaves the data's support.
                value.isFinite ? EvaluationValue(step: step, metric: name, value: value, identity: identity) : nil
            }
        }
    }

    // MARK: Samples

    private struct Collected {
        var outputs: FeatureExtractor.Outputs?
        var images: EightBitImages?
        var digits: [Int] = []
        var points: [Double] = []
        var pointSize = 0
    }

    /// Generates samples in chunks, and keeps what metrics need.
    private func collect() throws -> Collected {
        var made = Collected()
        let settings = plan.settings
        let wantsFeatures = plan.metrics.contains(where: \.needsFeatures)
        let wantsModes = plan.metrics.contains(.modes)
        let similarityImages = plan.metrics.contains(.similarity) ? min(Self.similarityImages, settings.samples) : 0
        if wantsFeatures { made.outputs = extractor?.noOutputs }
        for start in stride(from: 0, to: inputs.count, by: Self.chunk) {
            let range = start..<min(start + Self.chunk, inputs.count)
            let samples = try sampler.samples(of: inputs, range, index: range.lowerBound).checkedSamples()
            guard plan.image != nil else {
                made.pointSize = samples.shape.count / samples.shape[0]
                made.points += samples.values.lazy.map { Double($0) }
                continue
            }
            let images = EightBitImages(samples)
            if made.images == nil { made.images = EightBitImages(shape: images.shape, pixels: []) }
            made.images?.append(images, limit: similarityImages)
            guard let extractor, let resizer else { continue }
            if wantsFeatures, start < settings.samples {
                let wanted = images.first(settings.samples - start)
                made.outputs?.append(try extractor.outputs(for: wanted, resizedBy: resizer))
            }
            if wantsModes, start < settings.modeSamples {
                let digits = images.first(settings.modeSamples - start).separatedChannels
                made.digits += try extractor.outputs(for: digits, resizedBy: resizer).namedClasses
            }
        }
        return made
    }

    // MARK: Metrics

    private typealias Named = (name: String, value: Double, identity: EvaluationIdentity)

    private func values(of metric: EvaluationMetric, _ made: Collected) throws -> [Named] {
        switch metric {
        case .frechet, .kernel, .score, .neighbours:
            guard let outputs = made.outputs, let extractor, let real else { return [] }
            return try featureValues(of: metric, outputs, extractor, real)
        case .similarity:
            guard let images = made.images else { return [] }
            let mean = try meanSimilarity(of: images)
            let real =
                try realSimilarity
                ?? {
                    let order = RealFeatures.order(of: plan.dataset).prefix(Self.similarityImages)
                    let images = try plan.dataset.images(order, threads: pool.threads)
                    return (mean: try meanSimilarity(of: images), count: images.count)
                }()
            realSimilarity = real
            let pairs = [("pairs", ConfigNode(Self.similarityPairs))]
            return [
                (
                    metric.rawValue, mean,
                    identity(real: nil, generated: images.count, usesFeatures: false, others: pairs)
                ),
                (
                    metric.rawValue + "-over-real", mean - real.mean,
                    identity(real: real.count, generated: images.count, usesFeatures: false, others: pairs)
                ),
            ]
        case .modes: return try modeValues(made)
        }
    }

    /// Of pairs of images, drawn by the evaluation's seed.
    private func meanSimilarity(of images: EightBitImages) throws -> Double {
        try images.meanSimilarity(pairs: Self.similarityPairs, seed: plan.settings.seed, threads: pool.threads)
    }

    private func featureValues(
        of metric: EvaluationMetric, _ outputs: FeatureExtractor.Outputs, _ extractor: FeatureExtractor,
        _ real: RealFeatures.Set
    ) throws -> [Named] {
        let comparison = FeatureComparison(
            architecture: extractor.architecture, generated: outputs, real: real.features,
            realStatistics: { [reals, pool] in try reals.statistics(of: real, threads: pool.threads) },
            threads: pool.threads)
        return try comparison.values(of: metric).map {
            ($0.name, $0.value, identity(real: $0.real, generated: outputs.rows, others: $0.settings))
        }
    }

    private func modeValues(_ made: Collected) throws -> [Named] {
        let coverage: ModeCoverage
        let count: Int
        var others: [(String, ConfigNode)] = []
        if let mixture = plan.dataset.mixture, made.pointSize > 0 {
            count = made.points.count / made.pointSize
            let points = Features(rows: count, columns: made.pointSize, values: made.points)
            coverage = try ModeCoverage(samples: points, centres: mixture.centres, deviation: mixture.deviation)
        } else {
            count = made.digits.count / 3
            coverage = try ModeCoverage(triples: made.digits, frequencies: plan.modeFrequencies)
            others = [("modeFrequencies", "train")]
        }
        let identity = identity(
            real: nil, generated: count, usesFeatures: plan.isStacked, others: others)
        var values: [Named] = [("modes", Double(coverage.coveredModes), identity)]
        if let divergence = coverage.divergence { values.append(("modes-kl", divergence, identity)) }
        if !plan.isStacked { values.append(("modes-high-quality", coverage.highQualityShare, identity)) }
        return values
    }

    private func identity(
        real: Int?, generated: Int, usesFeatures: Bool = true, others: [(String, ConfigNode)] = []
    ) -> EvaluationIdentity {
        plan.identity(
            usesFeatures: usesFeatures, resizer: resizer, real: real, generated: generated, isAveraged: isAveraged,
            others: others)
    }
}

extension EightBitImages {
    /// The mean MS-SSIM of pairs of images, drawn by a seed.
    ///
    /// Throws `MetricError`.
    func meanSimilarity(pairs: Int, seed: UInt64, threads: Int) throws -> Double {
        let levels = Tensor(
            shape: [count, shape.height, shape.width, shape.channels], values: pixels.map { Float($0) })
        return try MultiScaleSimilarity.meanOverPairs(of: levels, pairs: pairs, seed: seed, threads: threads).mean
    }
}
