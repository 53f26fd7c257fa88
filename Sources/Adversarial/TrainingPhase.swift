import Graph

/// One graph of a training iteration, and how often it runs in a row.
///
/// The graph's named outputs are scalars to be logged: `loss.discriminator`, `loss.generator`, `score.real`, ...
public struct TrainingPhase {
    public let name: String
    public let graph: ComputeGraph
    /// Runs in one iteration, each counted for the graph's random streams and its optimizers.
    public let repeats: Int
    /// Whether each run takes a batch of its own: the graph's input `real`, `[N] + image shape`, images in [-1, 1].
    public let usesRealBatch: Bool

    public init(name: String, graph: ComputeGraph, repeats: Int = 1, usesRealBatch: Bool) {
        self.name = name
        self.graph = graph
        self.repeats = repeats
        self.usesRealBatch = usesRealBatch
    }
}
