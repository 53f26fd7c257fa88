import AgonDatasets
import AgonGraph
import AgonLayers
import AgonMetrics
import AgonSampling
import AgonTensors
import Foundation

/// A compiled network that turns images into features and class probabilities, in evaluation mode, batch by batch.
///
/// The features of a dataset's own classifier are the logarithms of its class probabilities, as in Albuquerque et al.,
/// arXiv:1901.08680; those of InceptionV3 are its last pooled layer.
public final class FeatureExtractor {
    /// The classifier's name: `lenet-mnist`.
    public let name: String
    /// Its name in distances: `fid-lenet`.
    public let architecture: String
    /// The SHA-256 of its weight file.
    public let hash: String
    /// The shape of an input image.
    public let input: ImageShape
    public let featureCount: Int
    public let classCount: Int
    private let step: CompiledStep
    private let batch: Int

    /// - Parameters:
    ///   - head: layers from features to logits; nil: the network's outputs are logits, and the features their
    ///     `log(softmax)`.
    ///
    /// Throws `GraphError`.
    init(
        trunk: Network, head: Network?, name: String, architecture: String, hash: String, batch: Int, pool: WorkerPool
    ) throws {
        self.name = name
        self.architecture = architecture
        self.hash = hash
        self.batch = batch
        let shape = trunk.inputShape
        input = ImageShape(height: shape[0], width: shape[1], channels: shape[2])
        let graph = ComputeGraph()
        let images = graph.input("images", shape: Shape([batch] + shape.dimensions))
        let outputs = try trunk.apply(images, in: graph, mode: .evaluation, call: "features")
        let logits = try head?.apply(outputs, in: graph, mode: .evaluation, call: "logits") ?? outputs
        let logProbabilities = graph.logSoftmax(logits)
        graph.output("features", head == nil ? logProbabilities : outputs)
        graph.output("logProbabilities", logProbabilities)
        featureCount = outputs.shape[1]
        classCount = logits.shape[1]
        step = try CompiledStep(graph, name: "features", pool: pool, seed: 0)
    }

    /// A warning about distances between so few samples; nil if there are enough.
    func warning(samples: Int) -> String? {
        guard samples < featureCount else { return nil }
        return
            "\(samples) samples for \(featureCount) features: covariances are singular, and distances depend more "
            + "on the number of samples than on the images"
    }

    /// A classifier whose features are the logarithms of its class probabilities.
    ///
    /// Throws `GraphError`.
    convenience init(
        classifier: Network, name: String, architecture: String, hash: String, pool: WorkerPool
    ) throws {
        try self.init(
            trunk: classifier, head: nil, name: name, architecture: architecture, hash: hash,
            batch: Self.batch(for: classifier), pool: pool)
    }

    /// Enough rows for efficient products, few enough for a small arena.
    static func batch(for network: Network) -> Int {
        min(256, max(16, 4_000_000_000 / max(network.floatingPointOperations, 1)))
    }

    /// The network's outputs for images.
    struct Outputs {
        var features: [Double] = []
        var logProbabilities: [Double] = []
        let featureCount: Int
        let classCount: Int

        var rows: Int { features.count / featureCount }

        mutating func append(_ other: Outputs) {
            features += other.features
            logProbabilities += other.logProbabilities
        }

        /// The class with the largest probability of each image; the first of several.
        var namedClasses: [Int] {
            (0..<rows).map { row in
                let scores = logProbabilities[row * classCount..<(row + 1) * classCount]
                return (scores.indices.max { scores[$0] < scores[$1] } ?? scores.startIndex) - scores.startIndex
            }
        }

        var probabilities: [Double] { logProbabilities.map { exp($0) } }

        var matrix: Features { Features(rows: rows, columns: featureCount, values: features) }
    }

    var noOutputs: Outputs { Outputs(featureCount: featureCount, classCount: classCount) }

    /// - Parameter images: images of the network's input size.
    func outputs(for images: EightBitImages) -> Outputs {
        precondition(images.shape == input, "images \(images.shape) for a classifier of images \(input)")
        var result = noOutputs
        var piece = [Float](repeating: 0, count: batch * input.count)
        for first in stride(from: 0, to: images.count, by: batch) {
            let here = min(batch, images.count - first)
            let start = first * input.count
            for index in 0..<here * input.count { piece[index] = Float(images.pixels[start + index]) / 127.5 - 1 }
            piece.withUnsafeBufferPointer { piece in
                guard let images = piece.baseAddress else { return }
                step.run(inputs: ["images": images])
            }
            step.withOutput("features") { values, _ in
                result.features += values[0..<here * featureCount].lazy.map { Double($0) }
            }
            step.withOutput("logProbabilities") { values, _ in
                result.logProbabilities += values[0..<here * classCount].lazy.map { Double($0) }
            }
        }
        return result
    }
}

extension FeatureExtractor {
    /// The network's outputs for images of any size, resized batch by batch because enlarged images are many times
    /// larger.
    ///
    /// Throws the errors of resizing.
    func outputs(for images: EightBitImages, resizedBy resizer: ImageResizer?) throws -> Outputs {
        guard let resizer, resizer != .none else { return outputs(for: images) }
        var result = noOutputs
        for first in stride(from: 0, to: images.count, by: batch) {
            let piece = images[first..<min(first + batch, images.count)]
            result.append(outputs(for: try resizer.resize(piece, to: input)))
        }
        return result
    }

    /// InceptionV3 with the weights of a file with a known hash.
    ///
    /// Throws `RunError.badWeights`, `TensorsError`, `LayerError`, `GraphError`.
    static func load(_ weights: InceptionV3Weights, hash: String, pool: WorkerPool) throws -> FeatureExtractor {
        let (trunk, head) = try weights.networks()
        return try FeatureExtractor(
            trunk: trunk, head: head, name: InceptionV3.name, architecture: InceptionV3.name, hash: hash,
            batch: batch(for: trunk), pool: pool)
    }

    /// A trained classifier.
    ///
    /// Throws `ConfigError`, `RunError.badWeights`, `TensorsError`, `GraphError`.
    static func load(
        _ recipe: ClassifierRecipe, weights: ClassifierWeights, pool: WorkerPool
    ) throws -> FeatureExtractor {
        let network = try recipe.network()
        try weights.restore(network)
        return try FeatureExtractor(
            classifier: network, name: recipe.name, architecture: recipe.configuration.architecture,
            hash: weights.hash, pool: pool)
    }
}
