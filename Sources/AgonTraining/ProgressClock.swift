import AgonText

/// Measures how fast a training goes: images a second since the last line of its log, and the time that the rest takes.
package struct ProgressClock {
    private let clock = ContinuousClock()
    private let first: Int
    private let steps: Int
    private let imagesPerStep: Int
    private let start: ContinuousClock.Instant
    private var logged: (step: Int, time: ContinuousClock.Instant)

    /// - Parameters:
    ///   - step: the finished steps, from which the training goes on.
    ///   - steps: of the whole training.
    package init(after step: Int, of steps: Int, imagesPerStep: Int) {
        first = step
        self.steps = steps
        self.imagesPerStep = imagesPerStep
        start = clock.now
        logged = (step, start)
    }

    /// Seconds since the training went on.
    package var seconds: Double { Double(start.duration(to: clock.now)) }

    /// Seconds since the last line of the log.
    package var secondsSinceLog: Double { Double(logged.time.duration(to: clock.now)) }

    /// Steps a second since the training went on; nil before its first step.
    func stepsPerSecond(at step: Int) -> Double? {
        let seconds = seconds
        return step > first && seconds > 0 ? Double(step - first) / seconds : nil
    }

    /// How far the training is after a step. One that is logged starts a new stretch of time.
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
