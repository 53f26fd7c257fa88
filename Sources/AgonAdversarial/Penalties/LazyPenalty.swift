import AgonConfiguration
import AgonGraph

/// Lazy regularisation: a penalty that is computed only in every k-th update of the discriminators, from the first on,
/// with k times its weight. The updates in between have a graph of their own without it, so they take less time.
///
/// Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020, arXiv:1912.04958, section 3.1 and
/// appendix B.
/// Differs: the penalty is added to the loss of that update. In the published code it has an update of its own, for
/// which the optimizer's rates are corrected.
package enum LazyPenalty {
    /// The name of the output that is the penalty, as it was last computed.
    package static let output = "loss.penalty"

    static func every(from reader: ConfigReader) throws -> Int {
        try reader.integer(
            "every", in: 1...1_000_000, default: 1,
            "Computes the penalty only in every k-th update of the discriminators, with k times its weight (lazy "
                + "regularisation); 16 in the paper.")
    }
}

extension DiscriminatorPass {
    /// A discriminator's loss with the config's penalty, if there is one and it is due in this graph.
    ///
    /// The loss to report is nil if it is the loss to minimise. With a lazy penalty it is the loss without it in every
    /// update, so that the losses of updates with and without it are comparable, for people, alarms and tricks. The
    /// penalty is reported by itself, as it was last computed, before it is multiplied.
    func penalized(_ loss: Value) throws -> (loss: Value, reported: Value?) {
        guard let penalty = setting.configuration.penalty else { return (loss, nil) }
        guard penalty.every > 1 else {
            let value = try penalty.value(self)
            note(LazyPenalty.output, value)
            return (graph.add(loss, value), nil)
        }
        let last = setting.loopVariable((["penalty.last"] + place).joined(separator: "."), [1])
        guard isPenalized else {
            note(LazyPenalty.output, graph.reshape(graph.read(last), []))
            return (loss, nil)
        }
        let value = try penalty.value(self)
        note(LazyPenalty.output, value)
        graph.assign(graph.reshape(graph.stopGradient(value), [1]), to: last)
        return (graph.add(loss, graph.affine(value, scale: Float(penalty.every))), loss)
    }
}

extension AdversarialSetting {
    /// A phase that updates discriminators. If the penalty is lazy, it has a second graph, without the penalty.
    ///
    /// - Parameter build: appends the updates to a graph, with the penalty or without.
    func penalizedPhase(
        _ name: String, schedule: IterationPhase.Schedule = .repeated(1),
        build: (_ graph: ComputeGraph, _ isPenalized: Bool) throws -> Void
    ) rethrows -> IterationPhase {
        let full = graph()
        try build(full, true)
        guard let every = configuration.penalty?.every, every > 1 else {
            return IterationPhase(name: name, graph: full, schedule: schedule)
        }
        let between = graph()
        try build(between, false)
        return IterationPhase(
            name: name, graph: full, schedule: schedule, between: IterationPhase.Between(graph: between, every: every))
    }
}
