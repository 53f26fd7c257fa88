import AgonAdversarial
import AgonConfiguration
import AgonExperiments
import AgonTestSupport
import AgonTraining
import Testing

@Suite struct AlarmTests {
    private func settings(_ text: String) throws -> AlarmSettings {
        try ConfigReader.decode(AlarmSettings.self, from: ConfigNode.parse(text, file: "alarms")).value
    }

    /// The steps at which alarms are raised by a series of one scalar, from step 1 on.
    private func steps(_ text: String, _ scalar: String, _ values: [Float]) throws -> [Int] {
        var monitor = AlarmMonitor(try settings(text))
        return values.enumerated().flatMap { index, value in
            monitor.observe(step: index + 1, scalars: [(scalar, value)]).map(\.step)
        }
    }

    @Test func onlyTheLossNearZeroIsWatchedByDefault() throws {
        let settings = try settings("{}")
        #expect(settings.discriminatorLossNearZero.action == .warn)
        #expect(!settings.needsGradientNorms)
        #expect(settings.blindAlarms(among: ["loss.generator"]).map(\.alarm) == ["discriminatorLossNearZero"])
        #expect(settings.blindAlarms(among: ["loss.generator", "loss.discriminator"]).isEmpty)
        let values = [Float](repeating: 0.5, count: 50) + [Float](repeating: -0.009, count: 120)
        #expect(try steps("{}", "loss.discriminator", values) == [150])
    }

    /// A hinge's loss is 2 while the discriminator guesses: 0.2 for a hundred steps is a discriminator that wins
    /// everything.
    @Test func aDiscriminatorThatWinsEverythingIsToldOf() throws {
        func steps(_ text: String, guessingLoss: Double?) throws -> [Int] {
            var monitor = AlarmMonitor(try settings(text), guessingLoss: guessingLoss)
            return (1...200).flatMap { step in
                monitor.observe(step: step, scalars: [("loss.discriminator", step < 20 ? 1.5 : 0.15)]).map(\.step)
            }
        }
        #expect(try steps("{}", guessingLoss: 2) == [119])
        #expect(try steps("{}", guessingLoss: nil) == [])
        // What stops a run is as it is set.
        #expect(try steps(#"{"discriminatorLossNearZero": {"action": "stop"}}"#, guessingLoss: 2) == [])
        let objective = try ConfigReader.decode(
            AdversarialConfiguration.self,
            from: ConfigNode.parse(#"{"objective": "hinge", "optimizer": "adam"}"#, file: "test")
        ).value.objective
        #expect(objective.guessingLoss == 2)
    }

    @Test func blindAlarmsNameTheirScalars() throws {
        let settings = try settings(
            #"{"gradientNorm": {"action": "stop"}, "generatorLossFalling": {"action": "warn"}}"#)
        #expect(settings.needsGradientNorms)
        let blind = settings.blindAlarms(among: ["loss.discriminator", "loss.adversarial", "gradientNorm.generator"])
        #expect(blind.map(\.scalar) == ["gradientNorm.discriminator"])
    }

    @Test func eachEpisodeRaisesOneAlarm() throws {
        let text = #"{"discriminatorLossNearZero": {"below": 0.1, "steps": 3}}"#
        let (low, high): (Float, Float) = (0.05, 0.5)
        // One high step does not end the episode, three do; two low ones do not begin the next.
        let values = [low, low, high, low, low, low, low, high, low, high, high, high, low, low, high, low, low, low]
        #expect(try steps(text, "loss.discriminator", values) == [6, 18])
    }

    @Test func boundsThemselvesRaiseNothing() throws {
        #expect(
            try steps(
                #"{"discriminatorLossNearZero": {"below": 0.5, "steps": 1}}"#, "loss.discriminator", [0.5, -0.5])
                == [])
        #expect(
            try steps(
                #"{"gradientNorm": {"above": 4, "steps": 1, "action": "warn"}}"#, "gradientNorm.generator", [4, 4.5])
                == [2])
    }

    @Test func alarmsThatAreOffSeeNothing() throws {
        let text = #"{"discriminatorLossNearZero": {"action": "off"}}"#
        #expect(try steps(text, "loss.discriminator", [Float](repeating: 0, count: 300)) == [])
        #expect(AlarmMonitor(try settings(text)).state.isEmpty)
    }

    @Test func eachNetworkHasItsOwnGradientAlarm() throws {
        var monitor = AlarmMonitor(try settings(#"{"gradientNorm": {"steps": 2, "action": "stop"}}"#))
        var raised: [Alarm] = []
        for (step, norms) in [(1, (200, 1)), (2, (200, 200)), (3, (200, 200))] as [(Int, (Float, Float))] {
            raised += monitor.observe(
                step: step,
                scalars: [("gradientNorm.generator", norms.0), ("gradientNorm.discriminator", norms.1)])
        }
        #expect(raised.map(\.step) == [2, 3])
        #expect(raised.allSatisfy { $0.action == .stop && $0.name == "gradientNorm" })
        #expect(
            raised[1].description
                == "step 3: alarm gradientNorm: the norm of the discriminator's gradient has been above 100 for 2 steps "
                + "(now 200): the updates overshoot; try clipped gradients (clipNorm) or a lower learning rate")
    }

    @Test func spikesRaiseTheVarianceAlarmOnce() throws {
        let text = #"{"discriminatorLossVariance": {"window": 10, "above": 1, "action": "warn"}}"#
        var values = [Float](repeating: 0.6, count: 100)
        #expect(try steps(text, "loss.discriminator", values) == [])
        // Variance (9/10)(1/10) 9^2 = 7.29 while the spike is in the window.
        values[20] = 9.6
        values[29] = 9.6
        #expect(try steps(text, "loss.discriminator", values) == [21])
        // Seen until step 61, and over ten steps after.
        values[70] = 9.6
        #expect(try steps(text, "loss.discriminator", values) == [21, 71])
        values[40] = 9.6
        #expect(try steps(text, "loss.discriminator", values) == [21, 71])
        // The window must be full: nine steps tell nothing.
        #expect(try steps(text, "loss.discriminator", [9, 0, 9, 0, 9, 0, 9, 0, 9]) == [])
    }

    @Test func onlyASteadyDeepFallRaisesItsAlarm() throws {
        let text = #"{"generatorLossFalling": {"window": 100, "action": "warn"}}"#
        let fall = (0..<100).map { 4 - Float($0) * 0.025 }
        #expect(try steps(text, "loss.generator", fall) == [100])
        #expect(try steps(text, "loss.adversarial", fall) == [100])
        #expect(try steps(text, "loss.generator", fall.reversed()) == [])
        // Too shallow: from 4 to 2.5.
        #expect(try steps(text, "loss.generator", (0..<100).map { 4 - Float($0) * 0.015 }) == [])
        // The same line with a zigzag of 3 around it: correlation -0.23.
        #expect(try steps(text, "loss.generator", fall.enumerated().map { $1 + ($0 % 2 == 0 ? 3 : -0.5) }) == [])
        // Below zero there is no factor.
        #expect(try steps(text, "loss.generator", fall.map { $0 - 3 }) == [])
        #expect(try steps(text, "loss.generator", [Float](repeating: 1, count: 300)) == [])
    }

    @Test func theAdversarialPartOfALossIsWatchedWhereItIsStated() throws {
        var monitor = AlarmMonitor(
            try settings(#"{"generatorLossFalling": {"window": 50, "action": "warn"}}"#))
        for step in 1...100 {
            let scalars: [(String, Float)] = [("loss.generator", 100 / Float(step)), ("loss.adversarial", 0.7)]
            #expect(monitor.observe(step: step, scalars: scalars).isEmpty)
        }
    }

    @Test func whatIsNoNumberStopsTheRunWhateverTheSettings() throws {
        var monitor = AlarmMonitor(try settings(#"{"discriminatorLossNearZero": {"action": "off"}}"#))
        for bad in [Float.nan, .infinity, -.infinity] {
            let alarms = monitor.observe(step: 7, scalars: [("loss.generator", 1), ("gradientNorm.generator", bad)])
            #expect(alarms.map(\.name) == ["notFinite"] && alarms[0].action == .stop)
            #expect(alarms[0].message.hasPrefix("gradientNorm.generator is \(bad); "))
        }
    }

    @Test func stateCarriesOverAnInterruptionAtAnyStep() throws {
        let settings = try settings(
            """
            {"discriminatorLossNearZero": {"below": 0.4, "steps": 4}, "gradientNorm": {"steps": 3, "action": "warn"},
             "discriminatorLossVariance": {"window": 6, "above": 0.03, "action": "warn"},
             "generatorLossFalling": {"window": 7, "factor": 1.2, "correlation": 0.5, "action": "stop"}}
            """)
        func scalars(_ step: Int) -> [(name: String, value: Float)] {
            func wave(_ period: Int) -> Float { Float(step * step % period) / Float(period) + 0.05 }
            return [
                ("loss.generator", wave(13)), ("loss.discriminator", step / 10 % 2 == 0 ? wave(7) : wave(29) / 4),
                ("gradientNorm.generator", wave(11) * 200 + Float(step / 15 % 2 * 90)),
                ("gradientNorm.discriminator", wave(5) * 400),
            ]
        }
        var whole = AlarmMonitor(settings)
        let size = whole.state.count
        #expect(size == 2 + 2 + 2 + (2 + 1 + 6) + (2 + 1 + 7))
        let expected = (1...120).map { whole.observe(step: $0, scalars: scalars($0)) }
        #expect(Set(expected.flatMap { $0 }.map(\.name)).count == 4)
        var parts = AlarmMonitor(settings)
        for step in 1...120 {
            var resumed = AlarmMonitor(settings)
            resumed.state = parts.state
            #expect(resumed.state == parts.state && parts.state.count == size)
            #expect(parts.state.allSatisfy { $0.isFinite })
            #expect(resumed.observe(step: step, scalars: scalars(step)) == expected[step - 1])
            parts = resumed
        }
    }

    @Test(arguments: [
        (
            #"{"discriminatorLossNearZero": {"belw": 1}}"#,
            "discriminatorLossNearZero.belw: unknown key. Did you mean 'below'?"
        ),
        (
            #"{"gradientNorm": {"action": "halt"}}"#,
            "gradientNorm.action: unknown choice 'halt'. Available: off, warn, stop"
        ),
        (
            #"{"generatorLossFalling": {"factor": 1}}"#,
            "generatorLossFalling.factor: 1 is out of range; expected a number above 1"
        ),
        (
            #"{"discriminatorLossVariance": {"window": 1}}"#,
            "discriminatorLossVariance.window: 1 is out of range; expected an integer from 2 to 100000"
        ),
    ])
    func badSettingsAreRefused(text: String, expected: String) {
        #expect(message { _ = try settings(text) } == "alarms:1: " + expected)
    }

    @Test func messagesHaveFiguresAndARemedy() throws {
        var monitor = AlarmMonitor(
            try settings(
                """
                {"discriminatorLossNearZero": {"steps": 1},
                 "discriminatorLossVariance": {"window": 2, "action": "warn"},
                 "generatorLossFalling": {"window": 3, "action": "warn"}}
                """))
        var messages: [String] = []
        for (step, losses) in [(4, 9), (2, 9), (1, 0.001)].enumerated() as EnumeratedSequence<[(Float, Float)]> {
            messages += monitor.observe(
                step: step, scalars: [("loss.generator", losses.0), ("loss.discriminator", losses.1)]
            ).map(\.message)
        }
        #expect(
            messages == [
                "the magnitude of the discriminator's loss has been below 0.01 for 1 step (now 0.001): the "
                    + "discriminator tells all samples apart, and the generator no longer learns; try "
                    + "tricks.instanceNoise, softer labels (tricks.labels) where the objective has labels, or a lower "
                    + "learning rate of the discriminator",
                "the variance of the discriminator's loss over 2 steps is 20.25, above 1 (the loss is 0.001, its mean "
                    + "4.501): the loss has spikes; try a lower learning rate, a smaller beta1, or a gradient penalty "
                    + "(penalty)",
                "the generator's loss fell steadily from 3.833 to 0.8333 in 3 steps (correlation -0.982): the "
                    + "generator may be fooling the discriminator with garbage; look at the newest samples and, if "
                    + "they are bad, train the discriminator more (updates.discriminator)",
            ])
    }
}
