import AgonDiagnostics

/// The planned cost of a training step, in the units of `TableQuantity.Cost`.
public struct CostFigures: Sendable {
    let memory: Inspection.Memory
    let parameterCount: Int
    let discriminatorParameterCount: Int
    let discriminatorBytes: Int
    let operations: Int
    let dataset: Int?

    public init(_ inspection: Inspection) {
        memory = inspection.memory
        parameterCount = inspection.networks.reduce(0) { $0 + $1.parameterCount }
        discriminatorParameterCount =
            inspection.networks.first { $0.name.hasPrefix("discriminator") }?.parameterCount ?? 0
        discriminatorBytes = inspection.discriminatorPass.total
        operations = inspection.phases.reduce(0) { $0 + $1.floatingPointOperations }
        dataset = inspection.datasetBytes
    }

    /// Bytes of a step, without the program, the dataset and the copy made for checkpoints.
    var stepBytes: Int {
        memory.parameters + memory.statistics + memory.optimizerState + memory.loopState + memory.activations
            + memory.workspace
    }

    subscript(figure: TableQuantity.Cost) -> Double {
        switch figure {
        case .memory: Double(stepBytes) / 1e6
        case .parameters: Double(memory.parameters) / 1e6
        case .statistics: Double(memory.statistics) / 1e6
        case .optimizerState: Double(memory.optimizerState) / 1e6
        case .activations: Double(memory.activations) / 1e6
        case .workspace: Double(memory.workspace) / 1e6
        case .parameterCount: Double(parameterCount)
        case .discriminatorParameterCount: Double(discriminatorParameterCount)
        case .discriminatorMemory: Double(discriminatorBytes) / 1e6
        case .operations: Double(operations) / 1e9
        }
    }
}
