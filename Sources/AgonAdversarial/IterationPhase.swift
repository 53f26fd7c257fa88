import AgonGraph

/// One graph of a training iteration, and the number of times it runs in succession.
///
/// The graph's named outputs are scalars to be logged: `loss.discriminator`, `loss.generator`, `score.real`, ...
/// Its inputs are bound by name from a batch of data: `DataInput`.
public struct IterationPhase {
    /// When a phase runs.
    public enum Schedule: Hashable, Sendable {
        /// Runs a number of times in each iteration, each time on a new batch.
        case repeated(Int)
        /// Runs in each iteration at least once, and again while the named loss is above the bound, up to a limit.
        case until(loss: String, atMost: Float, limit: Int)
        /// Runs once per epoch as a measurement and changes nothing.
        case onceAnEpoch
    }

    /// The name of the input that holds the index of the iteration, `[1]`.
    public static let iterationInput = "iteration"

    /// The graph of the runs in which a term of the loss is not due. It takes no other inputs, updates the same
    /// parameters, and has the same outputs as the phase's graph.
    public struct Between {
        public let graph: ComputeGraph
        /// The phase's own graph computes every k-th update, from the first on.
        public let every: Int

        public init(graph: ComputeGraph, every: Int) {
            precondition(every > 1, "a graph between every \(every) updates")
            self.graph = graph
            self.every = every
        }
    }

    public let name: String
    public let graph: ComputeGraph
    public let schedule: Schedule
    /// Nil if all runs have the same graph.
    public let between: Between?

    public init(
        name: String, graph: ComputeGraph, schedule: Schedule = .repeated(1), between: Between? = nil
    ) {
        self.name = name
        self.graph = graph
        self.schedule = schedule
        self.between = between
    }

    /// The phase's own graph, and that of the runs in between if there is one.
    public var graphs: [ComputeGraph] { [graph] + [between?.graph].compactMap(\.self) }

    /// The maximum number of runs in one iteration, each of which advances the graph's random streams.
    public var repeats: Int {
        switch schedule {
        case .repeated(let count): count
        case .until(_, _, let limit): limit
        case .onceAnEpoch: 1
        }
    }

    public var isMeasurement: Bool { schedule == .onceAnEpoch }

    /// Whether each run uses its own batch of data.
    public var usesBatch: Bool { DataInput.allCases.contains { uses($0) } }

    public func uses(_ input: DataInput) -> Bool { usesInput(input.rawValue) }

    public var usesIteration: Bool { usesInput(Self.iterationInput) }

    private func usesInput(_ name: String) -> Bool { graph.nodes.contains { $0.operation == .input(name) } }
}

/// The inputs of a phase's graph that hold data.
public enum DataInput: String, CaseIterable, Sendable {
    /// Real samples, `[N] + sample shape`, images in [-1, 1].
    case real
    /// The conditions of the samples: one-hot labels or embeddings `[N, C]`, or images `[N, H, W, C]`.
    case condition
    /// Real samples of a labelled subset, and their one-hot labels `[N, C]`.
    case labelled
    case labels = "labelled.condition"
}
