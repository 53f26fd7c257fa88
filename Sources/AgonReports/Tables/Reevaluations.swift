import AgonConfiguration
import AgonExperiments
import AgonRuns

/// Repeated evaluations of one checkpoint, each of other latents: how much a value depends on the samples drawn.
///
/// As in the box plots of Albuquerque, Monteiro et al., arXiv:1901.08680: 30 evaluations of each method's best generator.
struct Reevaluations: ConfigDecodable, Sendable {
    /// The key of a metric, such as `metric.fid-lenet`.
    let metric: String
    let count: Int
    /// Generated samples of each evaluation.
    let samples: Int

    init(from reader: ConfigReader) throws {
        metric = try reader.string("metric", "The key of the metric, such as metric.fid-lenet.")
        count = try reader.integer("count", in: 1...1000, default: 30, "The number of evaluations.")
        samples = try reader.integer("samples", in: 2..., default: 10_000, "The generated samples of each.")
        guard !reader.isDescribing else { return }
        try reader.require(
            family != nil, "metric", "'\(metric)' is not the key of a metric, such as metric.fid-lenet")
    }

    /// The metric as evaluations name it; nil if it is none.
    private var family: EvaluationMetric? {
        EvaluationCurve.isKey(metric) ? EvaluationMetric.giving(String(metric.dropFirst(7))) : nil
    }

    var heading: String { "\(metric), \(count) evaluations of the best checkpoint with \(samples) samples each" }

    /// The latent seeds; training evaluates with seed 0 unless its config says otherwise.
    private var seeds: ClosedRange<Int> { 1...count }

    /// The seed of one of these evaluations; nil for the identity of another.
    private func seed(of identity: EvaluationIdentity) -> Int? {
        guard identity.node["generatedSamples"]?.integer == samples, let seed = identity.node["latentSeed"]?.integer
        else { return nil }
        return seeds.contains(seed) ? seed : nil
    }

    /// Whether a curve of this metric has values of these evaluations alone.
    func includes(_ curve: EvaluationCurve) -> Bool {
        EvaluationCurve.key(of: curve.metric) == metric && seed(of: curve.identity) != nil
    }

    /// The first completed trial that kept the checkpoint of its best value.
    private func chosen(among trials: [RecordedTrial]) -> (trial: RecordedTrial, step: Int)? {
        for trial in trials where trial.isDone && trial.run.config["checkpoints"]?["best"]?.string == family?.rawValue {
            if let step = try? trial.run.folder.bestEvaluatedStep(of: metric) { return (trial, step) }
        }
        return nil
    }

    /// The values by seed of a run at a step.
    private func measured(_ run: RecordedRun, step: Int) -> [Int: Double] {
        var values: [Int: Double] = [:]
        for curve in run.evaluations.all(metric) {
            guard let seed = seed(of: curve.identity) else { continue }
            for point in curve.points where point.step == step { values[seed] = point.value }
        }
        return values
    }

    /// The values of a row's trials, in no order.
    func values(of trials: [RecordedTrial]) -> [Double] {
        guard let (trial, step) = chosen(among: trials) else { return [] }
        return Array(measured(trial.run, step: step).values)
    }

    /// What is left to measure for a row; nil if nothing is, or no trial has its best checkpoint.
    func left(row: String, trials: [RecordedTrial]) -> MeasurementLeft? {
        guard let family, let (trial, step) = chosen(among: trials) else { return nil }
        let known = measured(trial.run, step: step)
        let missing = seeds.filter { known[$0] == nil }
        guard !missing.isEmpty else { return nil }
        return MeasurementLeft(
            row: row, run: trial.run.folder.path, step: step, metric: family, samples: samples, seeds: missing)
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
        let wanted = configuration.figures.compactMap { figure -> (TableFigure, Reevaluations)? in
            if case .reevaluations(let reevaluations) = figure.kind { (figure, reevaluations) } else { nil }
        }
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
