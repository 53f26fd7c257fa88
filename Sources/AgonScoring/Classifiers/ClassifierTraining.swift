import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonGraph
import AgonLayers
import AgonRuns
import AgonTensors
import AgonText
import AgonTraining
import Foundation

/// How far a classifier's training is.
public struct ClassifierProgress: Sendable {
    public let step: Int
    public let steps: Int
    /// The mean cross-entropy over the steps since the last report, in nats.
    public let loss: Double
    /// The part of the images of those steps that the network, as it was in training, named rightly.
    public let accuracy: Double
    public let imagesPerSecond: Double
    public let secondsLeft: Double

    /// `step 750/7500, loss 0.3219, accuracy 90.12 %`
    package var words: String {
        "step \(step)/\(steps), loss \(NumberText.fixed(loss, decimals: 4)), accuracy \(NumberText.percent(accuracy))"
    }
}

/// A training of a classifier: batches, cross-entropy, updates, and a state on the disk to go on from.
///
/// What an update does follows from config and step alone, so that a training that was interrupted ends in the same
/// weights, on any number of threads.
final class ClassifierTraining {
    let network: Network
    private let recipe: ClassifierRecipe
    private let loader: BatchLoader
    private let step: CompiledStep
    /// Everything that the state holds.
    private let variables: [Variable]
    private let labels: UnsafeMutableBufferPointer<Float>
    private let classes: Int
    private let clock = ContinuousClock()

    private var settings: ClassifierConfiguration { recipe.configuration }

    /// Throws `ConfigError` for layers that do not fit, `DatasetError`, `ClassifierError.doesNotFit` for data
    /// without classes or of another size.
    init(_ recipe: ClassifierRecipe, searchPath: DataSearchPath, threads: Int) throws {
        self.recipe = recipe
        let settings = recipe.configuration
        let dataset = try settings.dataset.open(searchPath: searchPath)
        network = try recipe.network()
        classes = network.outputShape.count
        guard dataset.labels != nil, dataset.classNames.count == classes, dataset.sampleShape == settings.input else {
            throw ClassifierError.doesNotFit(
                classifier: settings.name,
                reason: "it names \(classes) classes of images \(settings.input), the dataset has "
                    + (dataset.labels == nil ? "no classes" : "\(dataset.classNames.count) classes")
                    + " and images \(dataset.sampleShape)")
        }
        let graph = ComputeGraph()
        let batch = settings.batchSize
        let images = graph.input("images", shape: Shape([batch] + settings.input.dimensions))
        let logits = try network.apply(images, in: graph, mode: .training, call: "train")
        let loss = crossEntropy(graph, logits: logits, labels: graph.input("labels", shape: [batch, classes]))
        graph.output("loss", loss)
        graph.output("logits", logits)
        let parameters = network.parameters
        let gradients = try graph.gradients(of: loss, withRespectTo: parameters.map(graph.read))
        settings.optimizer.apply(
            to: zip(parameters, gradients).map { (parameter: $0, gradient: $1) }, in: graph)
        step = try CompiledStep(graph, name: settings.name, pool: WorkerPool(threads: threads), seed: settings.seed)
        variables = network.variables + graph.updateRules.flatMap(\.states)
        labels = .allocate(capacity: batch * classes)
        labels.initialize(repeating: 0)
        // Decoding images is more work than training a small network on them.
        loader = try BatchLoader(dataset: dataset, batchSize: batch, seed: settings.seed, workers: min(2, threads))
    }

    deinit {
        loader.stop()
        labels.deallocate()
    }

    /// Trains from the state in a file, if there is one, to the last step.
    ///
    /// - Parameter report: told about every hundredth of the steps, at least every five seconds.
    ///
    /// Throws `ClassifierError.stopped` after a signal, with the state saved; `.notFinite`, `DatasetError`.
    func run(state path: String, stop: StopRequest, report: (ClassifierProgress) -> Void) throws {
        var finished = restore(path)
        let first = finished
        let start = clock.now
        var logged = (step: finished, time: start, loss: 0.0, right: 0)
        while finished < settings.steps {
            let batch = try loader.next(at: finished)
            batch.writeOneHotLabels(classCount: classes, into: labels)
            guard let images = batch.images.baseAddress, let target = labels.baseAddress else { break }
            step.run(inputs: ["images": images, "labels": UnsafePointer(target)], index: finished)
            finished += 1
            let loss = step.scalars().first { $0.name == "loss" }?.value ?? .nan
            guard loss.isFinite else {
                throw RunError.notFinite(
                    step: finished, quantity: "loss of classifier '\(settings.name)'", value: "\(loss)", tensor: nil,
                    checkpoint: nil)
            }
            logged.loss += Double(loss)
            logged.right += rightAnswers(batch.labels)
            let now = clock.now
            let count = finished - logged.step
            let isLast = finished == settings.steps
            if isLast || count >= max(1, settings.steps / 100) || logged.time.duration(to: now) > .seconds(5) {
                let rate = Double(finished - first) / max(Double(start.duration(to: now)), 1e-9)
                let images = count * settings.batchSize
                report(
                    ClassifierProgress(
                        step: finished, steps: settings.steps, loss: logged.loss / Double(count),
                        accuracy: Double(logged.right) / Double(images),
                        imagesPerSecond: Double(images) / max(Double(logged.time.duration(to: now)), 1e-9),
                        secondsLeft: Double(settings.steps - finished) / rate))
                logged = (finished, now, 0, 0)
            }
            let isStopped = stop.isMade
            if !isLast, isStopped || finished % settings.checkpointEvery == 0 { try save(path, step: finished) }
            if isStopped, !isLast {
                throw ClassifierError.stopped(settings.name, step: finished, steps: settings.steps)
            }
        }
    }

    /// How many images of the batch have their largest logit at their class.
    private func rightAnswers(_ labels: UnsafeBufferPointer<Int32>) -> Int {
        step.withOutput("logits") { logits, _ in
            labels.indices.count { row in
                let scores = logits[row * classes..<(row + 1) * classes]
                let best = scores.indices.max { scores[$0] < scores[$1] } ?? scores.startIndex
                return best - scores.startIndex == Int(labels[row])
            }
        } ?? 0
    }

    // MARK: State

    private static let format = "agon-classifier-state-1"

    private func save(_ path: String, step: Int) throws {
        try SafetensorsFile.write(
            path: path, variables.map { SafetensorsFile.Content(name: $0.name, tensor: $0.exported()) },
            metadata: ["format": Self.format, "step": String(step), "config": recipe.digest])
    }

    /// Takes the state of a file, and gives its step; 0 where there is none that fits.
    private func restore(_ path: String) -> Int {
        guard let file = try? SafetensorsFile(path: path), file.metadata["format"] == Self.format,
            file.metadata["config"] == recipe.digest, let step = file.metadata["step"].flatMap(Int.init),
            (0...settings.steps).contains(step), file.entries.count == variables.count
        else { return 0 }
        var tensors: [Tensor] = []
        for variable in variables {
            guard let tensor = try? file.tensor(variable.name), tensor.shape == variable.pyTorchShape else { return 0 }
            tensors.append(tensor)
        }
        for (variable, tensor) in zip(variables, tensors) { _ = variable.importing(tensor) }
        return step
    }
}

extension ClassifierRecipe {
    /// The network with first values; variables are called `classifier.0.weight` and so on.
    ///
    /// Throws `ConfigError` with the line of the layer that does not fit, or for an output that is no list of logits.
    func network() throws -> Network {
        do {
            let network = try Network(
                name: "classifier", configuration: configuration.network, input: configuration.input, path: "network",
                seed: configuration.seed)
            guard network.outputShape.rank == 1, network.outputShape[0] > 1 else {
                let place = ConfigPath.root.key("network")
                throw ConfigError.unfit(
                    resolved.source(at: place), place,
                    "its output is \(network.outputShape), expected [classes], a logit for each class")
            }
            return network
        } catch let error as LayerError {
            let message = "\(error)"
            let start = message.prefix { $0 != " " && $0 != ":" }
            throw ConfigError.unfit(
                ConfigPath(String(start)).map { resolved.source(at: $0) } ?? resolved.source, .root, message)
        }
    }
}
