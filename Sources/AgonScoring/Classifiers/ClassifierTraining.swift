import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonRuns
import AgonTensors
import AgonText
import AgonTraining

extension TrainingProgress {
    /// The training progress of a classifier: `step 750/7500`, `loss 0.3219` and `accuracy 90.12 %`.
    package var classifierParts: [String] {
        let (loss, accuracy) = (Double(scalar("loss") ?? .nan), Double(scalar("accuracy") ?? .nan))
        return [
            "step \(step)/\(steps)", "loss \(NumberText.fixed(loss, decimals: 4))",
            "accuracy \(NumberText.percent(accuracy))",
        ]
    }
}

/// Trains a classifier by cross-entropy: an iteration with one phase, and a checkpoint to resume from.
///
/// An update depends only on config and step, so that interrupted training ends with the same
/// weights, on any number of threads.
final class ClassifierTraining {
    let network: Network
    private let recipe: ClassifierRecipe
    private let step: CompiledIteration
    private let inputs: ClassifierInputs
    /// The contents of the checkpoint.
    private let variables: [Variable]
    private let classes: Int

    private var settings: ClassifierConfiguration { recipe.configuration }

    /// Throws `ConfigError` for invalid layers, `DatasetError`, `ClassifierError.doesNotFit` for data
    /// without classes or of another size.
    init(_ recipe: ClassifierRecipe, dataset: any Dataset, threads: Int) throws {
        self.recipe = recipe
        let settings = recipe.configuration
        network = try recipe.network()
        classes = network.outputShape.count
        guard dataset.labels != nil, dataset.classNames.count == classes, dataset.sampleShape == settings.input else {
            throw ClassifierError.doesNotFit(
                classifier: settings.name,
                reason: "it has \(classes) classes of images \(settings.input), the dataset has "
                    + (dataset.labels == nil ? "no classes" : "\(dataset.classNames.count) classes")
                    + " and images \(dataset.sampleShape)")
        }
        let graph = ComputeGraph()
        let batch = settings.batchSize
        let images = graph.input(DataInput.real.rawValue, shape: Shape([batch] + settings.input.dimensions))
        let logits = try network.apply(images, in: graph, mode: .training, call: "train")
        let labels = graph.input(DataInput.condition.rawValue, shape: [batch, classes])
        let loss = crossEntropy(graph, logits: logits, labels: labels)
        graph.output("loss", loss)
        graph.output("logits", logits)
        let parameters = network.parameters
        let gradients = try graph.gradients(of: loss, withRespectTo: parameters.map(graph.read))
        settings.optimizer.apply(
            to: zip(parameters, gradients).map { (parameter: $0, gradient: $1) }, in: graph)
        step = try CompiledIteration(
            phases: [IterationPhase(name: settings.name, graph: graph)], pool: WorkerPool(threads: threads),
            seed: settings.seed)
        variables = network.variables + graph.updateRules.flatMap(\.states)
        // Decoding images takes longer than training a small network on them.
        inputs = try ClassifierInputs(
            dataset, classes: classes, batchSize: batch, seed: settings.seed, workers: min(2, threads))
    }

    deinit { inputs.stop() }

    /// Trains from the checkpoint in a file, if any, to the last step.
    ///
    /// - Parameter report: called every hundredth of the steps, at least every five seconds: the mean `loss` in nats
    ///   and the training `accuracy` over the steps since the last report.
    ///
    /// Throws `ClassifierError.stopped` after a signal, with the state saved; `RunError.notFinite`, `DatasetError`.
    func run(checkpoint path: String, stop: StopRequest, report: (TrainingProgress) -> Void) throws {
        var finished = try restore(path)
        var clock = ProgressClock(after: finished, of: settings.steps, imagesPerStep: settings.batchSize)
        var sums = (steps: 0, loss: 0.0, right: 0)
        while finished < settings.steps {
            try step.run(finished, inputs: inputs)
            finished += 1
            let loss = step.scalars.first { $0.name == "loss" }?.value ?? .nan
            guard loss.isFinite else {
                throw RunError.notFinite(
                    step: finished, quantity: "loss of classifier '\(settings.name)'", value: "\(loss)", tensor: nil,
                    checkpoint: nil)
            }
            sums = (sums.steps + 1, sums.loss + Double(loss), sums.right + rightAnswers())
            let isLast = finished == settings.steps
            if isLast || sums.steps >= max(1, settings.steps / 100) || clock.secondsSinceLog > 5 {
                let scalars = [
                    (name: "loss", value: Float(sums.loss / Double(sums.steps))),
                    (name: "accuracy", value: Float(Double(sums.right) / Double(sums.steps * settings.batchSize))),
                ]
                report(clock.progress(step: finished, scalars: scalars, isLogged: true))
                sums = (0, 0, 0)
            }
            let isStopped = stop.isMade
            if !isLast, isStopped || finished % settings.checkpointEvery == 0 { try save(path, step: finished) }
            if isStopped, !isLast {
                throw ClassifierError.stopped(settings.name, step: finished, steps: settings.steps)
            }
        }
    }

    /// The number of images in the batch whose class has the largest logit.
    private func rightAnswers() -> Int {
        step.withOutput("logits") { logits in
            inputs.labels.enumerated().count { row, label in
                let scores = logits[row * classes..<(row + 1) * classes]
                let best = scores.indices.max { scores[$0] < scores[$1] } ?? scores.startIndex
                return best - scores.startIndex == Int(label)
            }
        } ?? 0
    }

    // MARK: Checkpoint

    private func save(_ path: String, step: Int) throws {
        try Checkpoint.write(
            variables, step: step, batches: step, config: recipe.digest, seed: settings.seed, path: path, lastGood: nil)
    }

    /// Restores the state of a file and returns its step; 0 if no matching file exists.
    ///
    /// Throws `TensorsError.cannotRead` for a state that may be intact but cannot be read.
    private func restore(_ path: String) throws -> Int {
        guard FileSystem.exists(path) else { return 0 }
        do {
            let checkpoint = try Checkpoint(path: path)
            guard checkpoint.config == recipe.digest, checkpoint.step <= settings.steps else { return 0 }
            try checkpoint.check(variables)
            try checkpoint.restore(variables)
            return checkpoint.step
        } catch let error as TensorsError where error.isReadFailure {
            throw error
        } catch {
            // The state is a cache: damage costs time only.
            return 0
        }
    }
}

extension ClassifierRecipe {
    /// The network with initial values; variables are named `classifier.0.weight` and so on.
    ///
    /// Throws `ConfigError` with the line of the invalid layer, or for an output that is not a vector of logits.
    package func network() throws -> Network {
        do {
            let network = try Network(
                name: "classifier", configuration: configuration.network, input: configuration.input,
                path: .root.key("network"),
                seed: configuration.seed)
            guard network.outputShape.rank == 1, network.outputShape[0] > 1 else {
                let place = ConfigPath.root.key("network")
                throw ConfigError.unfit(
                    resolved.source(at: place), place,
                    "its output is \(network.outputShape), expected [classes], one logit per class")
            }
            return network
        } catch let error as LayerError {
            throw ConfigError.unfit(resolved.source(at: error.place), .root, "\(error)")
        }
    }
}
