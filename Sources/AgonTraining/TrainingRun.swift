import AgonExperiments
import AgonTensors

/// Runs an experiment from its preparation to its end.
///
/// All checks come first and create no files: the folder is created only when networks, graphs and data are ready.
public enum TrainingRun {
    /// Creates the evaluation of a stage, or nil if its config has no evaluation.
    ///
    /// The arguments are the networks and data, whether the run has several stages, and a function that reports notes
    /// to the user.
    public typealias EvaluationMaker = (_ setup: TrainingSetup, _ isStage: Bool, _ note: @escaping (String) -> Void)
        throws -> (any TrainingEvaluation)?

    /// Trains to the last step or until a signal requests a stop.
    ///
    /// - Parameter makeEvaluation: creates the evaluation that the config defines; `AgonScoring` has the default one.
    ///
    /// Throws `ConfigError`, `DatasetError`, `TensorsError`, `RunError`. Everything that the run saved before remains.
    public static func run(
        _ experiment: Experiment, options: TrainingOptions, evaluating makeEvaluation: EvaluationMaker,
        report: @escaping (TrainingEvent) -> Void
    ) throws -> TrainingOutcome {
        try options.stop.listening {
            // This must precede the start of any thread: loading BLAS and LAPACK sets environment variables, which the
            // thread that runs git reads.
            try BLAS.open()
            _ = BLAS.description
            var place = try RunPlace(experiment, options: options)
            if let outcome = try place.finishedOutcome(of: experiment, options: options) {
                report(.started(folder: outcome.folder, step: outcome.step, steps: outcome.step))
                report(.ended(outcome))
                return outcome
            }
            func setup(_ stage: Stage, resumes: Bool) throws -> TrainingSetup {
                try place.reportingTransientFaults { place in
                    try place.locatingData(of: experiment) {
                        try TrainingSetup(stage.experiment, start: stage.start, resumes: resumes, options: options)
                    }
                }
            }
            // Networks that do not fit each other, or missing data, end a run now, not when their stage begins.
            var finished = try place.savedSteps(of: experiment)
            for later in experiment.stages(after: finished) {
                do {
                    _ = try setup(later, resumes: false)
                } catch {
                    report(.note("the stage after step \(later.start) cannot begin; the error is of that stage"))
                    throw error
                }
            }
            while true {
                let stage = experiment.stage(after: finished)
                let prepared = try setup(stage, resumes: finished > 0)
                if let note = prepared.pool.note { report(.note(note)) }
                for note in prepared.dataset?.notes ?? [] { report(.note(note)) }
                if finished == 0 { for note in prepared.notes { report(.note(note)) } }
                let note = { (text: String) in report(.note(text)) }
                stage.finishedSchedules.forEach(note)
                stage.nadirNote.map(note)
                if stage.end == experiment.configuration.steps { experiment.lateStagesNote.map(note) }
                var data = try prepared.data(since: finished, evaluations: nil)
                // This check precedes evaluations, which may train classifiers first.
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
                        prepared, evaluations: evaluations, data: data, stage: stage, of: experiment,
                        as: place.identity(of: experiment), after: finished,
                        folder: try place.take(), continues: place.isTaken, options: options, report: report)
                }
                place.isTaken = true
                if let outcome = try loop.run() {
                    report(.ended(outcome))
                    return outcome
                }
                finished = try place.savedSteps(of: experiment)
            }
        }
    }
}
