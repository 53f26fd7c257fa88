import AgonAdversarial
import AgonConfiguration
import AgonGraph
import AgonLayers
import AgonTensors
import Testing

@Suite struct WeightAveragingTests {
    private func setting(
        _ averaging: String, objective: String = "gan", updates: String = "{}"
    ) throws -> AdversarialSetting {
        try game(
            """
            {"objective": "\(objective)", "optimizer": {"type": "sgd", "learningRate": 0.5}, "batchSize": 6,
             "latent": {"size": 3}, "updates": \(updates), "tricks": {"averaging": \(averaging)}}
            """, generator: #"["batchNorm", {"type": "linear", "features": 2}]"#)
    }

    private func average(of setting: AdversarialSetting) throws -> Network {
        try #require(setting.gan.sides[0].average)
    }

    @Test func theCopyStartsAsTheGenerator() throws {
        let setting = try setting("{}")
        let (generator, average) = (setting.gan.generators[0], try average(of: setting))
        #expect(average.variables.map(\.values) == generator.variables.map(\.values))
        #expect(average.variables.map(\.name).allSatisfy { $0.hasPrefix("average.") })
        #expect(setting.gan.all.map(\.name) == ["generator", "discriminator", "average"])
    }

    @Test(arguments: ["gan", "selfgan"], [0, 2]) func weightsFollowByTheDecayFromTheStartOn(
        objective: String, start: Int
    ) throws {
        let setting = try setting(#"{"decay": 0.9, "start": \#(start)}"#, objective: objective)
        let (generator, average) = (setting.gan.generators[0], try average(of: setting))
        let training = try RunningTraining(setting)
        var expected = generator.parameters.map { $0.values.map(Double.init) }
        for iteration in 0..<5 {
            let before = generator.parameters.map(\.values)
            training.iterate()
            #expect(generator.parameters.map(\.values) != before)
            let decay = iteration < start ? 0 : 0.9
            expected = zip(expected, generator.parameters).map { old, parameter in
                zip(old, parameter.values).map { decay * $0 + (1 - decay) * Double($1) }
            }
            try #require(average.parameters.count == expected.count)
            for (parameter, values) in zip(average.parameters, expected) {
                expectClose(parameter.values, values.map { Float($0) }, within: 1e-6, "\(parameter.name), \(iteration)")
            }
            if iteration < start { #expect(average.parameters.map(\.values) == generator.parameters.map(\.values)) }
        }
    }

    /// The decay rises as `(1 + t) / (10 + t)` from the start on, up to the one that is set.
    @Test(arguments: [("", 0), (#", "start": 2, "warmup": true"#, 2)]) func theDecayWarmsUp(
        settings: String, start: Int
    ) throws {
        let setting = try setting(#"{"decay": 0.3\#(settings)}"#)
        let (generator, average) = (setting.gan.generators[0], try average(of: setting))
        let training = try RunningTraining(setting)
        var expected = generator.parameters.map { $0.values.map(Double.init) }
        for iteration in 0..<6 {
            training.iterate()
            let t = Double(iteration - start)
            let decay = iteration < start ? 0 : min(0.3, (1 + t) / (10 + t))
            expected = zip(expected, generator.parameters).map { old, parameter in
                zip(old, parameter.values).map { decay * $0 + (1 - decay) * Double($1) }
            }
            try #require(average.parameters.count == expected.count)
            for (parameter, values) in zip(average.parameters, expected) {
                expectClose(parameter.values, values.map { Float($0) }, within: 1e-6, "\(parameter.name), \(iteration)")
            }
        }
    }

    @Test func averagesWarmUpUnlessTheirStartIsGiven() throws {
        func averaging(_ text: String) throws -> (value: WeightAveraging, identity: String) {
            let decoded = try ConfigReader.decode(
                WeightAveraging.self, from: ConfigNode.parse(text, file: "averaging"))
            let again = try ConfigReader.decode(WeightAveraging.self, from: decoded.resolved)
            #expect(again.value == decoded.value)
            return (decoded.value, decoded.resolved.identity(of: [.result]).lineText)
        }
        #expect(try averaging("{}").value.warmsUp)
        #expect(try averaging("{}").identity == #"{"warmup": true}"#)
        // As earlier versions resolved it, which knew no warm-up.
        #expect(try !averaging(#"{"decay": 0.999, "start": 0}"#).value.warmsUp)
        #expect(try averaging(#"{"decay": 0.999, "start": 0}"#).identity == "{}")
    }

    @Test func runningStatisticsCanBeAveraged() throws {
        let setting = try setting(#"{"decay": 0.5, "start": 0, "statistics": "averaged"}"#)
        let (generator, average) = (setting.gan.generators[0], try average(of: setting))
        let training = try RunningTraining(setting)
        var expected = generator.statistics.map(\.values)
        for _ in 0..<3 {
            training.iterate()
            expected = zip(expected, generator.statistics).map { zip($0, $1.values).map { 0.5 * $0 + 0.5 * $1 } }
        }
        try #require(average.statistics.count == expected.count && !expected.isEmpty)
        for (statistic, values) in zip(average.statistics, expected) {
            expectClose(statistic.values, values, within: 1e-6, statistic.name)
        }
    }

    @Test func runningStatisticsAreCopied() throws {
        let setting = try setting(#"{"decay": 0.99}"#, objective: "selfgan")
        let (generator, average) = (setting.gan.generators[0], try average(of: setting))
        let first = generator.statistics.map(\.values)
        let training = try RunningTraining(setting)
        for _ in 0..<3 { training.iterate() }
        #expect(generator.statistics.map(\.values) != first)
        #expect(average.statistics.map(\.values) == generator.statistics.map(\.values))
    }

    @Test func everyUpdateOfTheGeneratorIsFollowed() throws {
        let setting = try setting(#"{"decay": 0.5, "warmup": false}"#, updates: #"{"generator": 3}"#)
        let (generator, average) = (setting.gan.generators[0], try average(of: setting))
        let training = try RunningTraining(setting)
        var expected = generator.parameters[0].values
        let maker = try #require(training.phases.first { $0.phase.name == "generator" })
        for _ in 0..<maker.phase.repeats {
            maker.running.run(madeUpInputs(maker.phase, maker.running.step))
            expected = zip(expected, generator.parameters[0].values).map { 0.5 * $0 + 0.5 * $1 }
        }
        #expect(maker.phase.repeats == 3)
        expectClose(average.parameters[0].values, expected, within: 1e-6, "average")
    }
}
