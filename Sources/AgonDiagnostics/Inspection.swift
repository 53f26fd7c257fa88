import AgonAdversarial
import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonGraph
import AgonLayers
import AgonRuns
import AgonSampling
import AgonTensors
import AgonTraining

/// The composition and cost of an experiment: layers, parameters, FLOPs, memory.
public struct Inspection: Sendable {
    /// A compiled graph of the training iteration.
    public struct Phase: Sendable {
        public let name: String
        public let repeats: Int
        /// The share of the iterations' runs that this graph has: less than 1 for the two graphs of a lazy penalty.
        public var share = 1.0
        /// FLOPs per iteration, including all repeats, on average.
        public let floatingPointOperations: Int
        /// FLOPs of one run.
        public var operationsPerRun = 0
        public let plan: MemoryPlan
        /// The convolutions of one run, pass by pass.
        public let convolutions: [ConvolutionSummary]
    }

    /// A network and its layer table.
    public struct NetworkTable: Sendable {
        public let name: String
        public let inputShape: Shape
        public let parameterCount: Int
        /// FLOPs of one sample's forward pass.
        public let floatingPointOperations: Int
        public let layers: [LayerSummary]
    }

    /// Bytes of a training process, without the dataset.
    public struct Memory: Sendable {
        /// Program and libraries: resident memory before anything was built.
        public let program: Int
        public let parameters: Int
        /// Running statistics and other buffers of layers.
        public let statistics: Int
        public let optimizerState: Int
        /// State of the objective between steps.
        public let loopState: Int
        /// Intermediate values of all phases and of sample generation.
        public let activations: Int
        public let workspace: Int
        /// The copy of all variables made to write a checkpoint.
        public let checkpointCopy: Int

        public var total: Int {
            program + parameters + statistics + optimizerState + loopState + activations + workspace + checkpointCopy
        }
    }

    public let name: String
    public let objective: String
    public let batchSize: Int
    public let networks: [NetworkTable]
    public let phases: [Phase]
    public let memory: Memory
    /// The generator by itself, and the first discriminator.
    public let generatorPass: NetworkPass
    public let discriminatorPass: NetworkPass
    /// The bytes that the data keep; nil when they are not on this machine.
    public let datasetBytes: Int?
    public let datasetNote: String?
    /// Samples of the dataset.
    public let sampleCount: Int?

    /// Builds and compiles everything as a run would, or as the first stage of one.
    ///
    /// - Parameter program: the memory of a process that has not built any networks, in bytes; nil if this is one.
    ///
    /// Throws `ConfigError` and other errors of a run, except for missing data.
    public init(_ experiment: Experiment, searchPath: DataSearchPath, threads: Int, program: Int? = nil) throws {
        try BLAS.open()
        let program = program ?? RunRecord.peakMemory
        let configuration = experiment.configuration
        var dataset: (any Dataset)?
        var note: String?
        do {
            dataset = try experiment.locating { try configuration.dataset.open(searchPath: searchPath) }
        } catch let error as DatasetError {
            guard case .missing = error else { throw error }
            note = "\(error)"
        }
        let shapes = dataset.map { DataShapes(sample: $0.sampleShape, condition: $0.conditionShape) }
        let networks = try ExperimentNetworks(
            experiment, data: shapes, channels: configuration.dataset.expectedChannels(searchPath: searchPath))
        let pool = WorkerPool(threads: threads)
        let (step, grids) = try experiment.locating {
            (
                try CompiledIteration(phases: networks.phases, pool: pool, seed: configuration.seed),
                try GridWriter(networks, configuration: configuration, pool: pool)
            )
        }
        let variables = networks.variables + step.variables
        name = configuration.name
        objective = experiment.resolved["objective"]?["type"]?.string ?? ""
        batchSize = configuration.training.batchSize
        func table(_ network: Network) -> NetworkTable {
            NetworkTable(
                name: network.name, inputShape: network.inputShape, parameterCount: network.parameterCount,
                floatingPointOperations: network.floatingPointOperations, layers: network.layers)
        }
        func pass(_ network: Network) throws -> NetworkPass {
            let size = configuration.training.batchSize
            return try experiment.locating {
                try NetworkPass(network, table: table(network), batchSize: size, pool: pool)
            }
        }
        self.networks = (networks.gan.generators + networks.gan.discriminators).map(table)
        generatorPass = try pass(networks.gan.generators[0])
        discriminatorPass = try pass(networks.gan.discriminators[0])
        phases = step.plans.map {
            Phase(
                name: $0.name, repeats: $0.repeats, share: $0.share,
                floatingPointOperations: $0.floatingPointOperations, operationsPerRun: $0.operationsPerRun,
                plan: $0.plan, convolutions: $0.convolutions)
        }
        func bytes(_ role: VariableRole) -> Int {
            variables.reduce(0) { $0 + ($1.role == role ? $1.shape.count * MemoryLayout<Float>.stride : 0) }
        }
        let plans = phases.map(\.plan) + grids.plans
        // Phases share their arena; those of the grids are separate.
        let activations =
            plans.reduce(0) { $0 + $1.outputs } + (phases.map(\.plan.activations).max() ?? 0)
            + grids.plans.reduce(0) { $0 + $1.activations }
        let checkpointCopy = variables.reduce(0) { $0 + $1.shape.count * MemoryLayout<Float>.stride }
        memory = Memory(
            program: program, parameters: bytes(.parameter), statistics: bytes(.buffer),
            optimizerState: bytes(.optimizerState),
            loopState: bytes(.loopState), activations: activations,
            workspace: plans.reduce(0) { $0 + $1.workspace }, checkpointCopy: checkpointCopy)
        datasetBytes = dataset?.residentBytes
        sampleCount = dataset?.count
        datasetNote = note
    }
}
