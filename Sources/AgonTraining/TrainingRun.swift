import AgonExperiments
import AgonTensors

/// A run of an experiment, from its preparation to its end.
///
/// The checks come first and leave nothing behind: a folder is made only when networks, graphs and data are ready.
public enum TrainingRun {
    /// Makes what measures the generator of a stage, or nil where its config asks for no evaluation.
    ///
    /// Its arguments are the networks and data, whether the run has other stages, and what takes notes for the user.
    public typealias EvaluationMaker = (_ setup: TrainingSetup, _ isStage: Bool, _ note: @escaping (String) -> Void)
        throws -> (any TrainingEvaluation)?

    /// Trains to the last step, or until a signal asks to stop.
    ///
    /// - Parameter makeEvaluation: makes the evaluations that the config asks for; `AgonScoring` has the usual one.
    ///
    /// Throws `ConfigError`, `DatasetError`, `TensorsError`, `RunError`. What the run had saved before stays.
    public static func run(
        _ experiment: Experiment, options: TrainingOptions, evaluating makeEvaluation: EvaluationMaker,
        report: @escaping (TrainingEvent) -> Void
    ) throws -> TrainingOutcome {
        try options.stop.listening {
            // Before any thread is started: loading BLAS and LAPACK sets environment variables, and the thread that asks git
            // reads them.
            try BLAS.open()
            _ = BLAS.description
            var place = try RunPlace(experiment, options: options)
            if let outcome = try place.finishedOutcome(of: experiment, options: options) {
                report(.started(folder: outcome.folder, step: outcome.step, steps: outcome.step))
                report(.ended(outcome))
                return outcome
            }
            while true {
                let finished = try place.savedSteps(of: experiment)
                let stage = experiment.stage(after: finished)
                let prepared = try place.reportingTransientFaults { _ in
                    try TrainingSetup(stage.experiment, start: stage.start, options: options)
                }
                if let note = prepared.pool.note { report(.note(note)) }
                for note in prepared.dataset?.notes ?? [] { report(.note(note)) }
                let note = { (text: String) in report(.note(text)) }
                var data = try prepared.data(since: finished, evaluations: nil)
                // Before classifiers are trained for evaluations.
                try place.check(data, options: options, note: note)
                let evaluations = try makeEvaluation(prepared, !experiment.stages.isEmpty, note)
                if let evaluations {
                    let measured = try prepared.data(since: finished, evaluations: evaluations).filter {
                        !data.contains($0)
                    }
                    try place.check(measured, options: options, note: note)
                    data += measured
                }
                let loop = try place.reportingTransientFaults { place in
                    try TrainingLoop(
                        prepared, evaluations: evaluations, data: data, stage: stage, of: experiment, after: finished,
                        folder: try place.take(), continues: place.isTaken, options: options, report: report)
                }
                place.isTaken = true
                if let outcome = try loop.run() {
                    report(.ended(outcome))
                    return outcome
                }
            }
        }
    }
}
