import AgonExperiments
import AgonText

extension Stage {
    /// A note for each optimizer whose schedule brings the learning rate to 0 before the stage ends.
    var finishedSchedules: [String] {
        let steps = end - start
        return experiment.configuration.training.optimizers.named.compactMap { key, optimizer in
            // Each step updates a network at least once.
            optimizer.updatesBeforeZero(within: steps).map {
                "\(key).schedule: the learning rate is 0 after \(CountText.short($0, "update")), and \(steps) will be made; "
                    + "raise 'end', or set 'factor' above 0"
            }
        }
    }
}
