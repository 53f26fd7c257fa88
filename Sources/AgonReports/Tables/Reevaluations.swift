import AgonConfiguration
import AgonExperiments
import AgonRuns

/// Repeated evaluations of one checkpoint, each with different latents: how much a value depends on the samples drawn.
///
/// As in the box plots of Albuquerque, Monteiro et al., arXiv:1901.08680: 30 evaluations of each method's best
/// generator.
struct Reevaluations: ConfigDecodable, Sendable {
    /// The key of a metric, such as `metric.fid-lenet`.
    let metric: String
    let count: Int
    /// Generated samples of each evaluation.
    let samples: Int

    init(from reader: ConfigReader) throws {
        metric = try reader.string("metric", "The key of a Fréchet or kernel distance or inception score.")
        count = try reader.integer("count", in: 1...1000, default: 30, "The number of evaluations.")
        samples = try reader.integer("samples", in: 2..., default: 10_000, "The generated samples of each.")
        guard !reader.isDescribing else { return }
        let isRanked = family.map { $0.needsFeatures && CheckpointSettings.rankedMetrics.contains($0) } ?? false
        try reader.require(
            isRanked, "metric",
            "'\(metric)' is not the key of a Fréchet or kernel distance or inception score, such as metric.fid-lenet")
    }

    private var family: EvaluationMetric? { EvaluationMetric.ofKey(metric) }

    /// - Parameter values: those of each row.
    func heading(_ values: [[Double]]) -> String {
        let counts = values.map(\.count).filter { $0 > 0 }
        let (fewest, most) = (counts.min() ?? 0, counts.max() ?? 0)
        let evaluations = fewest == most ? "\(most) evaluations" : "\(fewest) to \(most) evaluations"
        return "\(metric), \(evaluations) of the best checkpoint with \(samples) samples each"
    }

    /// The latent seeds; training evaluates with seed 0 unless its config says otherwise.
    private var seeds: ClosedRange<Int> { 1...count }

    /// The seed of one of these evaluations, which are otherwise like the run's own; nil for another.
    private func seed(of curve: EvaluationCurve, in run: RecordedRun) -> Int? {
        let identity = curve.identity
        guard identity.node["generatedSamples"]?.integer == samples,
            let seed = identity.node["latentSeed"]?.integer, seeds.contains(seed),
            let own = run.evaluations.all(metric).first?.identity,
            identity.equals(own, besides: ["generatedSamples", "latentSeed"])
        else { return nil }
        return seed
    }

    /// Whether a curve of a run has values of these evaluations alone.
    func includes(_ curve: EvaluationCurve, of run: RecordedRun) -> Bool {
        EvaluationCurve.key(of: curve.metric) == metric && seed(of: curve, in: run) != nil
    }

    /// The first completed trial that kept a checkpoint as the best by this metric.
    private func chosen(among trials: [RecordedTrial]) -> (run: RecordedRun, step: Int)? {
        trials.lazy.filter(\.isDone).map(\.run).compactMap { run in
            guard run.config["checkpoints"]?["best"]?.string == family?.rawValue else { return nil }
            return run.record?.bestCheckpoint.map { (run, $0) }
        }.first
    }

    /// The values by seed of a run at a step.
    private func measured(_ run: RecordedRun, step: Int) -> [Int: Double] {
        var values: [Int: Double] = [:]
        for curve in run.evaluations.all(metric) {
            guard let seed = seed(of: curve, in: run) else { continue }
            for point in curve.points where point.step == step { values[seed] = point.value }
        }
        return values
    }

    /// The values of a row's trials, in no order.
    func values(of trials: [RecordedTrial]) -> [Double] {
        chosen(among: trials).map { Array(measured($0.run, step: $0.step).values) } ?? []
    }

    /// What is left to measure for a row; nil if nothing is, or its best checkpoint is missing.
    func left(row: String, trials: [RecordedTrial]) -> MeasurementLeft? {
        guard let family, let (run, step) = chosen(among: trials), run.folder.keptBestStep == step else { return nil }
        let known = measured(run, step: step)
        let missing = seeds.filter { known[$0] == nil }
        guard !missing.isEmpty else { return nil }
        return MeasurementLeft(
            row: row, run: run.folder.path, step: step, metric: family, samples: samples, seeds: missing)
    }
}

/// Evaluations of a checkpoint that a figure of a table lacks.
public struct MeasurementLeft: Sendable {
    /// The name of the table's row.
    public let row: String
    /// The run's folder.
    public let run: String
    public let step: Int
    public let metric: EvaluationMetric
    /// Generated samples of each evaluation.
    public let samples: Int
    /// The latent seeds, one for each evaluation.
    public let seeds: [Int]
}

extension TableWork {
    /// The evaluations that the table's figures lack, of trials that are complete.
    ///
    /// Throws `ReportsError.nothingRun`, `SweepError`, `ConfigError`.
    public func measurementsLeft() throws -> [MeasurementLeft] {
        let wanted = configuration.figures.compactMap { figure in figure.reevaluations.map { (figure, $0) } }
        guard !wanted.isEmpty else { return [] }
        let trials = try recordedTrials()
        let rows = rows(of: trials)
        let making = TableMaking(columns: configuration.columns, rows: rows, trials: trials)
        return wanted.flatMap { figure, reevaluations in
            rows.filter { figure.shows($0) }.compactMap { row in
                reevaluations.left(row: row.name, trials: making.trials(of: row))
            }
        }
    }
}
