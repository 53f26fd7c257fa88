import AgonText

/// Measures the speed of a training: images per second since the last line of its log, and the remaining time.
package struct ProgressClock {
    private let clock = ContinuousClock()
    private let first: Int
    private let steps: Int
    private let imagesPerStep: Int
    private let start: ContinuousClock.Instant
    private var logged: (step: Int, time: ContinuousClock.Instant)

    /// - Parameters:
    ///   - step: the number of finished steps, after which the training continues.
    ///   - steps: the total number of steps.
    package init(after step: Int, of steps: Int, imagesPerStep: Int) {
        first = step
        self.steps = steps
        self.imagesPerStep = imagesPerStep
        start = clock.now
        logged = (step, start)
    }

    /// Seconds since the training was started or resumed.
    package var seconds: Double { Double(start.duration(to: clock.now)) }

    /// Seconds since the last line of the log.
    package var secondsSinceLog: Double { Double(logged.time.duration(to: clock.now)) }

    /// Steps per second since the training was started or resumed; nil before its first step.
    func stepsPerSecond(at step: Int) -> Double? {
        let seconds = seconds
        return step > first && seconds > 0 ? Double(step - first) / seconds : nil
    }

    /// The progress after a step. A logged step starts a new interval for the images per second.
    package mutating func progress(
        step: Int, scalars: [(name: String, value: Float)], isLogged: Bool
    ) -> TrainingProgress {
        let images = (step - logged.step) * imagesPerStep
        let progress = TrainingProgress(
            step: step, steps: steps, scalars: scalars, imagesPerSecond: Double(images) / max(secondsSinceLog, 1e-9),
            secondsLeft: seconds / Double(step - first) * Double(steps - step), isLogged: isLogged)
        if isLogged { logged = (step, clock.now) }
        return progress
    }
}
