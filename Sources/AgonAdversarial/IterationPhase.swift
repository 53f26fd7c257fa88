import AgonGraph

/// One graph of a training iteration, and how often it runs in a row.
///
/// The graph's named outputs are scalars to be logged: `loss.discriminator`, `loss.generator`, `score.real`, ...
/// Its inputs are bound by name from a batch of data: `DataInput`.
public struct IterationPhase {
    /// When a phase runs.
    public enum Schedule: Hashable, Sendable {
        /// In each iteration, this often, each time on a batch of its own.
        case repeated(Int)
        /// In each iteration at least once, and again while the loss it reports is above the bound, up to a limit.
        case until(loss: String, atMost: Float, limit: Int)
        /// Once an epoch, to measure: it changes nothing.
        case onceAnEpoch
    }

    /// The name of the input that holds the number of the iteration, `[1]`.
    public static let iterationInput = "iteration"

    public let name: String
    public let graph: ComputeGraph
    public let schedule: Schedule

    public init(name: String, graph: ComputeGraph, schedule: Schedule = .repeated(1)) {
        self.name = name
        self.graph = graph
        self.schedule = schedule
    }

    /// The most runs in one iteration, each counted for the graph's random streams.
    public var repeats: Int {
        switch schedule {
        case .repeated(let count): count
        case .until(_, _, let limit): limit
        case .onceAnEpoch: 1
        }
    }

    public var isMeasurement: Bool { schedule == .onceAnEpoch }

    /// Whether each run takes a batch of data of its own.
    public var usesBatch: Bool { DataInput.allCases.contains { uses($0) } }

    public func uses(_ input: DataInput) -> Bool { usesInput(input.rawValue) }

    public var usesIteration: Bool { usesInput(Self.iterationInput) }

    private func usesInput(_ name: String) -> Bool { graph.nodes.contains { $0.operation == .input(name) } }
}

/// The inputs of a phase's graph that hold data.
public enum DataInput: String, CaseIterable, Sendable {
    /// Real samples, `[N] + sample shape`, images in [-1, 1].
    case real
    /// What the samples are conditioned on: one-hot labels or embeddings `[N, C]`, or images `[N, H, W, C]`.
    case condition
    /// Real samples of a labelled subset, and their one-hot labels `[N, C]`.
    case labelled
    case labels = "labelled.condition"
}
