import AgonAdversarial
import AgonExperiments
import AgonLayers
import AgonRuns

/// The generator of a run with the weights of a checkpoint.
package struct TrainedGenerator {
    /// The whole experiment, and its stage that the checkpoint belongs to.
    package let whole: Experiment
    package let experiment: Experiment
    package let step: Int
    package let network: Network
    /// Whether the weights are averages.
    package let isAveraged: Bool

    /// - Parameters:
    ///   - step: of the checkpoint; nil: the newest.
    ///   - weights: the wanted ones; nil: averages, if the run keeps any.
    ///   - note: called with messages about skipped checkpoints.
    ///
    /// Throws `SamplingError.cannotSample` for generators that translate images, `RunError`, `ConfigError`,
    /// `TensorsError`.
    package init(
        run path: String, checkpoint step: Int?, weights: EvaluationSettings.Weights?, note: (String) -> Void
    ) throws {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw RunError.noRun(folder: path) }
        let whole = try Experiment.load(path: folder.configPath)
        let checkpoint = try Sampling.checkpoint(of: folder, step: step, note: note)
        // A stage's last checkpoint has its own networks, not those of the next.
        let experiment = whole.part(ofCheckpoint: checkpoint.step)
        let (configuration, training) = (experiment.configuration, experiment.configuration.training)
        guard training.task.usesLatents else {
            throw SamplingError.cannotSample(folder: path, reason: "it translates images instead of sampling latents")
        }
        let isAveraged = checkpoint.takesAverages(
            weights, keepsAverages: training.tricks.averaging != nil, note: note)
        let channels = folder.record?.dataChannels
        network = try experiment.locating {
            try Network(
                name: isAveraged ? "average" : "generator", configuration: configuration.generator,
                input: [training.latent.size], condition: training.task.conditionSize, dataChannels: channels,
                path: .root.key("generator"), seed: configuration.seed)
        }
        try checkpoint.restore(network.variables)
        self.whole = whole
        self.experiment = experiment
        self.step = checkpoint.step
        self.isAveraged = isAveraged
    }

    /// The same, to write it for others.
    ///
    /// Throws `SamplingError.cannotExport` for generators that translate images, `RunError`, `ConfigError`,
    /// `TensorsError`.
    package static func forExport(
        run path: String, checkpoint step: Int?, weights: EvaluationSettings.Weights?, note: (String) -> Void
    ) throws -> TrainedGenerator {
        do {
            return try TrainedGenerator(run: path, checkpoint: step, weights: weights, note: note)
        } catch SamplingError.cannotSample(_, let reason) {
            throw SamplingError.cannotExport(folder: path, reason: reason)
        }
    }
}
