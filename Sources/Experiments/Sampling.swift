import Adversarial
import Configuration
import Datasets
import Foundation
import Graph
import Layers
import Tensors

/// New samples from the generator of a run.
public struct Sampling {
    /// What was drawn, and from which state.
    public struct Outcome: Sendable {
        public let path: String
        public let step: Int
        public let count: Int
    }

    private let configuration: ExperimentConfiguration
    private let generator: Network
    private let step: Int

    /// Reads the newest checkpoint of a run, or that of a step.
    ///
    /// - Parameter note: told about checkpoints that are passed over.
    ///
    /// Throws `ExperimentsError`, `ConfigError`, `TensorsError`.
    public init(run path: String, checkpoint step: Int? = nil, note: (String) -> Void = { _ in }) throws {
        let folder = RunFolder(path: path)
        guard folder.holdsRun else { throw ExperimentsError.noRun(folder: path) }
        let experiment = try Experiment.load(path: folder.configPath)
        configuration = experiment.configuration
        generator = try experiment.locating {
            try Network(
                name: "generator", configuration: experiment.configuration.generator,
                input: [experiment.configuration.training.latent.size], seed: experiment.configuration.seed)
        }
        let checkpoint: Checkpoint
        if let step {
            guard folder.checkpointSteps.contains(step) else {
                throw ExperimentsError.noCheckpointAtStep(
                    folder: path, step: step, existing: folder.checkpointSteps)
            }
            checkpoint = try Checkpoint(path: folder.checkpointPath(step: step))
        } else {
            guard let newest = folder.newestCheckpoint(note: note) else {
                throw ExperimentsError.noCheckpoint(folder: path)
            }
            checkpoint = newest
        }
        try checkpoint.restore(generator.variables)
        self.step = checkpoint.step
    }

    /// Writes a grid of `count` samples.
    ///
    /// - Parameters:
    ///   - seed: of the latent vectors; each sample depends on it and on its place alone.
    ///   - interpolates: whether each row leads from one vector to another along a great circle.
    ///   - columns: samples in a row.
    public func write(
        count: Int, seed: UInt64, columns: Int? = nil, interpolates: Bool = false, threads: Int, to path: String
    ) throws -> Outcome {
        let latent = configuration.training.latent
        let stream = RandomStream(seed: seed, purpose: "drawn samples")
        let latents: [Float]
        var sheet = SampleSheet(columns: columns)
        if interpolates {
            let columns = columns ?? min(8, count)
            sheet.columns = columns
            latents = Self.interpolations(latent, count: count, columns: columns, stream: stream)
        } else {
            latents = latent.values(count, from: stream)
        }
        let maker = try SampleMaker(
            generator, latent: latent, count: count, pool: WorkerPool(threads: threads), seed: seed)
        try sheet.write(maker.samples(from: latents), path: path)
        return Outcome(path: path, step: step, count: count)
    }

    /// Rows of vectors, each from one drawn vector to the next drawn one.
    static func interpolations(
        _ latent: LatentConfiguration, count: Int, columns: Int, stream: RandomStream
    ) -> [Float] {
        let rows = (count + columns - 1) / columns
        let ends = latent.values(2 * rows, from: stream)
        var vectors: [Float] = []
        for place in 0..<count {
            let (row, column) = (place / columns, place % columns)
            let start = ends[2 * row * latent.size..<(2 * row + 1) * latent.size]
            let end = ends[(2 * row + 1) * latent.size..<(2 * row + 2) * latent.size]
            let share = columns > 1 ? Double(column) / Double(columns - 1) : 0
            vectors += greatCircle(Array(start), Array(end), share)
        }
        return vectors
    }

    /// The vector at a share of the way from `a` to `b` along a great circle, its length going over evenly.
    ///
    /// Shoemake, "Animating rotation with quaternion curves", 1985; White, "Sampling Generative Networks", 2016,
    /// arXiv:1609.04468, section 2.1. Straight lines would pass through lengths that no drawn vector has.
    public static func greatCircle(_ a: [Float], _ b: [Float], _ share: Double) -> [Float] {
        precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) numbers")
        func length(_ vector: [Float]) -> Double { vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
        let (lengthA, lengthB) = (length(a), length(b))
        guard lengthA > 0, lengthB > 0 else {
            return zip(a, b).map { Float(Double($0) * (1 - share) + Double($1) * share) }
        }
        let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let angle = acos(min(1, max(-1, product / (lengthA * lengthB))))
        let target = lengthA + (lengthB - lengthA) * share
        // Vectors (nearly) alike or opposite have no one circle; the line between them serves.
        let isPlain = sin(angle) < 1e-6
        let weightA = isPlain ? 1 - share : sin((1 - share) * angle) / sin(angle)
        let weightB = isPlain ? share : sin(share * angle) / sin(angle)
        return zip(a, b).map {
            Float((Double($0) / lengthA * weightA + Double($1) / lengthB * weightB) * target)
        }
    }
}
