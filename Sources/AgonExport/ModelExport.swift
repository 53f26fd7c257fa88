import AgonAdversarial
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonSampling
import AgonScoring
import AgonTensors

/// Networks as ONNX models, for other programs and languages.
public enum ModelExport {
    /// What was written.
    public struct Outcome: Sendable {
        public let path: String
        /// The run's step; nil for a classifier.
        public let step: Int?
        public let bytes: Int
    }

    /// Writes a run's generator: input `latent` `[batch, size]` (and `condition` `[batch, classes]`, one-hot, if
    /// samples have classes), output `images` `[batch, C, H, W]`, or `[batch, D]` for points. Images are in [-1, 1] if
    /// the network ends in a tanh or a sigmoid; values of other networks may lie outside, as they may in Agon, which
    /// clips them when it writes PNG files. Generators that translate images cannot be written.
    ///
    /// - Parameters:
    ///   - step: of the checkpoint; default: the newest.
    ///   - weights: of the generator; default: averages, if the run keeps any.
    ///   - note: called with messages about skipped checkpoints.
    ///
    /// Throws `ExportError`, `SamplingError`, `RunError`, `ConfigError`, `TensorsError`, `GraphError`.
    public static func writeGenerator(
        run path: String, checkpoint step: Int? = nil, weights: EvaluationSettings.Weights? = nil,
        to file: String, threads: Int, note: (String) -> Void = { _ in }
    ) throws -> Outcome {
        try check(file)
        try BLAS.open()
        let trained = try TrainedGenerator.forExport(run: path, checkpoint: step, weights: weights, note: note)
        let (generator, configuration) = (trained.network, trained.experiment.configuration)
        let graph = try samplingGraph(
            generator, count: OnnxTranslation.batch,
            conditionSize: generator.usesCondition ? generator.conditionSize : nil)
        guard let images = graph.outputs.first?.value else { preconditionFailure("a generator without an output") }
        let signed = configuration.dataset.range == .unit ? graph.affine(images, scale: 2, offset: -1) : images
        var model = OnnxModel(name: configuration.name)
        model.note("agon.step", "\(trained.step)")
        model.note("agon.weights", trained.isAveraged ? "average" : "raw")
        model.note("agon.config", trained.whole.digest)
        return try write(model, graph, signed, output: "images", step: trained.step, to: file, threads: threads)
    }

    /// Writes a classifier: input `images` `[batch, C, H, W]` in [-1, 1], output `logits` `[batch, classes]`.
    ///
    /// - Parameters:
    ///   - name: of the classifier or its config; it is trained first if it has no weights.
    ///
    /// Throws `ExportError`, `ClassifierError`, the errors of training a classifier, `GraphError`.
    public static func writeClassifier(
        _ name: String, catalogue: ClassifierCatalogue = .standard(), searchPath: DataSearchPath, to file: String,
        threads: Int, note: (String) -> Void = { _ in }
    ) throws -> Outcome {
        try check(file)
        let recipe = try catalogue.recipe(name)
        let weights = try catalogue.train(
            recipe, searchPath: searchPath, threads: threads, report: { _ in }, note: note)
        try BLAS.open()
        let network = try recipe.network()
        try weights.restore(network)
        let graph = ComputeGraph()
        let shape = Shape([OnnxTranslation.batch] + network.inputShape.dimensions)
        let logits = try network.apply(graph.input("images", shape: shape), in: graph, mode: .evaluation)
        var model = OnnxModel(name: recipe.name)
        model.note("agon.classifier", recipe.name)
        model.note("agon.weights", weights.hash)
        return try write(model, graph, logits, output: "logits", step: nil, to: file, threads: threads)
    }

    private static func check(_ file: String) throws {
        guard file.lowercased().hasSuffix(".onnx") else { throw ExportError.wrongEnding(path: file) }
        try AtomicFile.checkFolder(of: file)
    }

    private static func write(
        _ model: OnnxModel, _ graph: ComputeGraph, _ value: Value, output: String, step: Int?, to file: String,
        threads: Int
    ) throws -> Outcome {
        var translation = try OnnxTranslation(graph, model: model, pool: WorkerPool(threads: threads))
        let bytes = try translation.translated(value, output: output).fileBytes()
        try AtomicFile.write(path: file) { try $0.write(bytes) }
        return Outcome(path: file, step: step, bytes: bytes.count)
    }
}
