import AgonConfiguration
import AgonDatasets
import AgonDiagnostics
import AgonExperiments
import AgonRuns
import AgonSweeps
import AgonTensors
import Foundation

/// The cost of training with a config: operations, memory, disk space.
///
/// Configs that differ only in settings without effect on the cost, such as the seed, share it.
struct TrialCost: Sendable {
    /// The multiplications and additions of one step, on average over the stages.
    var floatingPointOperations: Int
    /// The planned memory of the process in its largest stage, in bytes.
    var memory: Int
    /// The size of a checkpoint, in bytes.
    var checkpoint: Int
    /// The maximum size of a grid of samples, in bytes.
    var samples: Int
    /// Whether the data are not on this machine, so that the memory leaves them out.
    var lacksData: Bool
    /// Configs with the same signature train at the same speed.
    var signature: String

    /// Configs with the same key have the same cost.
    static func key(of experiment: Experiment) -> String { experiment.identity(of: [.result]).digest }

    /// Builds and compiles the networks to determine their cost.
    ///
    /// - Parameter program: the memory of a process that has not built any networks, in bytes.
    init(_ experiment: Experiment, searchPath: DataSearchPath, threads: Int, program: Int) throws {
        let stages = experiment.allStages
        let costs = try stages.map {
            try TrialCost(ofOneStage: $0.experiment, searchPath: searchPath, threads: threads, program: program)
        }
        let steps = stages.map { $0.end - $0.start }
        self = costs[0]
        guard costs.count > 1 else { return }
        let total = Double(steps.reduce(0, +))
        // The operations of all steps together may exceed an Int.
        floatingPointOperations = Int(
            zip(costs, steps).reduce(0.0) { $0 + Double($1.0.floatingPointOperations) * Double($1.1) } / total)
        memory = costs.map(\.memory).max() ?? memory
        checkpoint = costs.map(\.checkpoint).max() ?? checkpoint
        samples = costs.map(\.samples).max() ?? samples
        lacksData = costs.contains(where: \.lacksData)
        let parts = ConfigNode(zip(costs, steps).flatMap { [ConfigNode($0.signature), ConfigNode($1)] })
        signature = parts.digest
    }

    private init(ofOneStage experiment: Experiment, searchPath: DataSearchPath, threads: Int, program: Int) throws {
        let inspection = try Inspection(experiment, searchPath: searchPath, threads: threads, program: program)
        let memory = inspection.memory
        floatingPointOperations = inspection.phases.reduce(0) { $0 + $1.floatingPointOperations }
        self.memory = memory.total + (inspection.datasetBytes ?? 0)
        lacksData = inspection.datasetBytes == nil
        checkpoint = memory.checkpointCopy
        let sample = inspection.networks.first?.layers.last { $0.depth == 0 }?.outputShape.count ?? 0
        samples = experiment.configuration.samples.count * sample
        let parts: ConfigNode = [
            "objective": ConfigNode(inspection.objective), "batch": ConfigNode(inspection.batchSize),
            "operations": ConfigNode(inspection.phases.map { ConfigNode($0.floatingPointOperations) }),
            "repeats": ConfigNode(inspection.phases.map { ConfigNode($0.repeats) }),
            "activations": ConfigNode(memory.activations), "parameters": ConfigNode(memory.parameters),
            "state": ConfigNode(memory.optimizerState), "data": experiment.resolved["dataset"] ?? .null,
        ]
        signature = parts.digest
    }

    /// The approximate disk space of a finished run, in bytes.
    func disk(of configuration: ExperimentConfiguration) -> Int {
        let steps = configuration.steps
        func count(every: Int) -> Int { (steps - 1) / every + 1 }
        let kept =
            min(configuration.checkpoints.keep, count(every: configuration.checkpoints.every))
            + (configuration.checkpoints.best == nil ? 0 : 1)
        // TensorBoard's files hold a second copy of grids and numbers.
        let copies = configuration.log.tensorboard ? 2 : 1
        return kept * checkpoint
            + copies
            * (count(every: configuration.samples.every) * samples + count(every: configuration.log.every) * 200)
    }
}

/// A cache of speeds that this program measured on this machine: a file for each, in the folder `speeds` of Agon's
/// cache.
struct SpeedCache {
    private let folder: String
    private let threads: Int

    init(threads: Int, folder: String) {
        self.folder = folder
        self.threads = threads
    }

    /// The steps per second that were measured before for configs with this signature.
    func speed(of cost: TrialCost) -> Double? {
        (try? ConfigNode.load(path: path(of: cost)))?["stepsPerSecond"]?.number
    }

    func keep(_ speed: Double, of cost: TrialCost) {
        // Without the cache, planning is only slower.
        guard speed.isFinite, (try? RunFolder.makeFolders(folder)) != nil else { return }
        let node: ConfigNode = ["stepsPerSecond": ConfigNode(speed), "threads": ConfigNode(threads)]
        try? AtomicFile.write(path: path(of: cost), text: node.prettyText)
    }

    private func path(of cost: TrialCost) -> String {
        var status = stat()
        let built = stat(SweepPaths.program, &status) == 0 ? "\(status.modified)" : ""
        let blas = BLAS.description
        let parts = [
            cost.signature, String(threads), Processor.current.brand, String(Processor.current.usableCores),
            blas.library, blas.coreType, AgonVersion.current, built,
        ]
        return folder + "/" + SHA256.hex(of: parts.joined(separator: "\n")).prefix(16) + ".json"
    }
}
