import AgonAdversarial
import AgonExperiments

extension Stage {
    /// A note on hypervolumes of losses that may be 0 or below; nil for others. The nadir point is a multiple of the largest
    /// loss, so the two meet at 0, where the gradient, the reciprocal of their distance, is up to 1e8.
    var nadirNote: String? {
        let training = experiment.configuration.training
        guard training.ensemble.combination is HypervolumeCombination, training.objective.generatorLossMayBeNegative
        else { return nil }
        let name = type(of: training.objective).name
        return "ensemble.combination: the generator's losses of '\(name)' may be 0 or below, where the gradients of "
            + "'\(HypervolumeCombination.name)' explode; those of 'gan' (non-saturating) and 'lsgan' are above 0"
    }
}
