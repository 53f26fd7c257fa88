import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import AgonText

/// The cost of a forward pass of one network alone, as in a program that does nothing else: no gradients, no optimizer.
public struct NetworkPass: Sendable {
    public let network: Inspection.NetworkTable
    public let batchSize: Int
    /// Bytes of parameters, and of statistics and frozen values.
    public let parameters: Int, statistics: Int
    /// Bytes of the input and of intermediate values, by the plan.
    public let activations: Int
    public let workspace: Int
    /// Multiplications and additions of the pass.
    public let floatingPointOperations: Int

    /// Bytes.
    public var total: Int { parameters + statistics + activations + workspace }

    /// Compiles the pass in training mode, as the networks' game applies it.
    ///
    /// Throws `GraphError`, `LayerError.singleValueNorm`.
    init(_ network: Network, table: Inspection.NetworkTable, batchSize: Int, pool: WorkerPool) throws {
        let graph = ComputeGraph(isMeasurement: true)
        let input = graph.input("input", shape: Shape([batchSize] + network.inputShape.dimensions))
        let condition = network.conditionSize.map { graph.input("condition", shape: [batchSize, $0]) }
        graph.output("output", try network.apply(input, in: graph, mode: .training, condition: condition))
        let step = try CompiledStep(graph, name: "forward", pool: pool, seed: 0)
        func bytes(_ variables: [Variable]) -> Int {
            variables.reduce(0) { $0 + $1.shape.count * MemoryLayout<Float>.stride }
        }
        self.network = table
        self.batchSize = batchSize
        parameters = bytes(network.parameters)
        statistics = bytes(network.statistics)
        let inputBytes = input.shape.count * MemoryLayout<Float>.stride
        activations = step.plan.activations + step.plan.outputs + inputBytes
        workspace = step.plan.workspace
        floatingPointOperations = step.floatingPointOperations
    }

    /// The layer table and the memory for people. MB are 10⁶ bytes.
    public var text: String {
        let rows = [
            ("parameters", parameters), ("statistics", statistics), ("activations", activations),
            ("workspace", workspace), ("total", total),
        ]
        let work = NumberText.grouped(Double(floatingPointOperations) / 1e9, decimals: 3)
        return
            (Inspection.table(of: network) + [
                "", "one forward pass alone, batch \(batchSize): \(work) GFLOP", "", "planned memory, MB",
                Inspection.memoryTable(rows),
            ]).joined(separator: "\n")
    }

    /// The same for programs; sizes in bytes.
    public var node: ConfigNode {
        [
            "network": Inspection.node(network), "batchSize": ConfigNode(batchSize),
            "floatingPointOperations": ConfigNode(floatingPointOperations),
            "memory": [
                "parameters": ConfigNode(parameters), "statistics": ConfigNode(statistics),
                "activations": ConfigNode(activations), "workspace": ConfigNode(workspace),
                "total": ConfigNode(total),
            ],
        ]
    }
}
