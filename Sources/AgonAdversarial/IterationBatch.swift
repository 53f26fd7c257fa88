import AgonGraph

/// The latents and data that all updates of an iteration share. The first graph of the iteration stores them in
/// variables.
struct IterationBatch {
    private let latents: Variable?
    private let real: Variable?
    private let condition: Variable?

    /// Appends the operations that store a batch.
    init(_ setting: AdversarialSetting, in graph: ComputeGraph) {
        let inputs = setting.task.inputs(.both, latents: "latent", setting: setting, in: graph)
        func kept(_ value: Value?, _ name: String) -> Variable? {
            value.map { value in
                let variable = setting.loopVariable("iteration.\(name)", value.shape)
                graph.assign(value, to: variable)
                return variable
            }
        }
        latents = kept(inputs.latents, "latents")
        real = kept(inputs.real, "real")
        condition = kept(inputs.condition, "condition")
    }

    /// The batch in another graph of the iteration.
    func inputs(in graph: ComputeGraph) -> GANTaskInputs {
        GANTaskInputs(
            latents: latents.map(graph.read), real: real.map(graph.read), condition: condition.map(graph.read))
    }
}
