import AgonConfiguration
import AgonExperiments
import AgonSweeps
import AgonTestSupport
import Foundation
import Testing

/// Sweep files: which trials they stand for, and what is said of wrong ones.
@Suite struct SweepConfigurationTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        _ = try folder.write(TinyExperiment.text, to: "tiny.json")
        _ = try folder.write(#"{"extends": "tiny.json", "name": "wide", "batchSize": 16}"#, to: "wide.json")
    }

    private func sweep(_ body: String, _ overrides: String...) throws -> Sweep {
        let path = try folder.write("{\"name\": \"s\", \(body)}", to: "sweep.json")
        return try Sweep(file: path, overrides: overrides)
    }

    private func labels(_ sweep: Sweep) -> [String] { sweep.trials.map(\.label) }

    @Test func gridTakesEveryPointWithEverySeed() throws {
        let sweep = try sweep(
            """
            "base": "tiny.json", "set": {"steps": 12},
            "axes": [{"path": "batchSize", "values": [4, 8]}, {"path": "optimizer.beta1", "values": [0, 0.5]}],
            "seeds": [1, 2]
            """)
        #expect(
            labels(sweep) == [
                "batchSize=4 beta1=0 seed=1", "batchSize=4 beta1=0 seed=2", "batchSize=4 beta1=0.5 seed=1",
                "batchSize=4 beta1=0.5 seed=2", "batchSize=8 beta1=0 seed=1", "batchSize=8 beta1=0 seed=2",
                "batchSize=8 beta1=0.5 seed=1", "batchSize=8 beta1=0.5 seed=2",
            ])
        #expect(sweep.axes == ["batchSize", "optimizer.beta1", "seed"])
        let last = try #require(sweep.trials.last).experiment.configuration
        #expect(last.steps == 12 && last.seed == 2 && last.training.batchSize == 8)
        #expect(Set(sweep.trials.map(\.id)).count == 8)
    }

    @Test func basesMayBeNamedAsAgonConfigsListsThem() throws {
        let named = try sweep(#""base": "gan/mlp""#)
        #expect(named.trials.map(\.base) == ["gan/mlp"])
        let whole = try sweep("\"base\": \"\(projectFolder)/Configs/gan/mlp.json\"")
        #expect(whole.trials.map(\.base) == ["gan/mlp"] && whole.trials.map(\.id) == named.trials.map(\.id))
        let axis = try sweep(#""axes": [{"name": "config", "config": ["gan/mlp", "tiny.json"]}]"#)
        #expect(axis.trials.map(\.label) == ["config=gan/mlp", "config=tiny"])
        // An absolute path beside the sweep's file is as short.
        #expect(try sweep("\"base\": \"\(folder.path)/tiny.json\"").trials.map(\.base) == ["tiny"])
    }

    @Test func filesOfAnotherKindAreSaidToBeSo() throws {
        let path = folder.path + "/tiny.json"
        #expect(
            message { try Sweep(file: path) }
                == "\(path): the config of one training, not a sweep; use it with: agon run \(path)")
        let smoke = projectFolder + "/Configs/sweeps/smoke.json"
        #expect(
            message { try Experiment.load(path: smoke) }
                == "\(smoke): a sweep, not the config of one training; use it with: agon sweep run \(smoke)")
        let table = try folder.write(#"{"name": "sizes", "columns": []}"#, to: "sizes.json")
        #expect(
            message { try Sweep(file: table) } == "\(table): a table, not a sweep; use it with: agon table \(table)")
    }

    @Test func identityIsThatOfTheConfigInFull() throws {
        let one = try sweep(#""base": "tiny.json", "axes": [{"path": "batchSize", "values": [4, 8]}]"#)
        // Another way to the same configs, a name and a description change no trial.
        let other = try sweep(
            #"""
            "base": "tiny.json", "set": {"name": "other", "description": "Other."},
            "axes": [{"name": "size", "cases": [{"name": "eight", "set": {"batchSize": 8.0}}, {"name": "four", "set": {"batchSize": 4}}]}]
            """#)
        #expect(Set(one.trials.map(\.id)) == Set(other.trials.map(\.id)))
        // Neither does how often something is saved or shown, nor a default that is stated.
        let quiet = try sweep(
            #"""
            "base": "tiny.json", "axes": [{"path": "batchSize", "values": [4, 8]}],
            "set": {"samples.every": 7, "log.every": 9, "checkpoints.keep": 1, "dataset.memoryLimit": 9,
                "dataset.holdout": 0}
            """#)
        #expect(one.trials.map(\.id) == quiet.trials.map(\.id))
        // What is measured is recorded of a trial.
        let measured = try sweep(#""base": "tiny.json", "set": {"batchSize": 8, "evaluate": {"every": 6}}"#)
        #expect(!one.trials.map(\.id).contains(measured.trials[0].id))
        // A step more is another trial.
        let longer = try sweep(#""base": "tiny.json", "set": {"steps": 25}"#)
        #expect(!one.trials.map(\.id).contains(longer.trials[0].id))
        #expect(one.trials[0].id.count == 12)
    }

    @Test func rangesAreComputedInDecimals() throws {
        let steps = try sweep(
            #""base": "tiny.json", "axes": [{"path": "optimizer.beta1", "range": {"from": 0.1, "to": 0.4, "step": 0.1}}]"#
        )
        #expect(labels(steps) == ["beta1=0.1", "beta1=0.2", "beta1=0.3", "beta1=0.4"])
        let whole = try sweep(
            #""base": "tiny.json", "axes": [{"path": "batchSize", "range": {"from": 4, "to": 11, "step": 3}}]"#)
        #expect(labels(whole) == ["batchSize=4", "batchSize=7", "batchSize=10"])
        let factors = try sweep(
            #"""
            "base": "tiny.json",
            "axes": [{"path": "optimizer.learningRate", "logRange": {"from": 1e-4, "to": 1e-2, "count": 3}}]
            """#)
        #expect(labels(factors) == ["learningRate=0.0001", "learningRate=0.001", "learningRate=0.01"])
        let doubled = try sweep(
            #""base": "tiny.json", "axes": [{"path": "batchSize", "logRange": {"from": 4, "to": 32, "count": 4}}]"#)
        #expect(labels(doubled) == ["batchSize=4", "batchSize=8", "batchSize=16", "batchSize=32"])
    }

    @Test func zippedAxesGoForwardTogether() throws {
        let sweep = try sweep(
            """
            "axes": [{"zip": [{"config": ["tiny.json", "wide.json"]}, {"path": "steps", "values": [10, 20]}]}]
            """)
        #expect(labels(sweep) == ["config=tiny steps=10", "config=wide steps=20"])
        #expect(sweep.trials.map(\.experiment.configuration.training.batchSize) == [8, 16])
        #expect(sweep.trials.map(\.base) == ["tiny", "wide"])
    }

    @Test func rulesMayCompareWhatAStageMeasures() throws {
        let sweep = try sweep(
            #"""
            "base": "tiny.json", "stop": {"metric": "metric.fid-lenet"},
            "set": {"stages": [{"from": 3, "set": {"evaluate": {"metrics": ["fid"]}}}]}
            """#)
        #expect(sweep.configuration.stop?.metric == "metric.fid-lenet")
    }

    @Test func labelsKeepToOneLine() throws {
        let sweep = try sweep(#""base": "tiny.json", "axes": [{"name": "c", "cases": [{"name": "a\nb\u001b[2J"}]}]"#)
        #expect(labels(sweep) == [#"c="a\nb\u001b[2J""#])
    }

    @Test func exclusionsTakeAxesAndPaths() throws {
        let sweep = try sweep(
            """
            "axes": [{"config": ["tiny.json", "wide.json"]}, {"path": "optimizer.beta1", "values": [0, 0.5]}],
            "exclude": [{"config": "wide", "optimizer.beta1": 0}, {"batchSize": 8, "optimizer.beta1": 0.50},
              {"optimizer.type": "sgd"}]
            """)
        #expect(labels(sweep) == ["config=tiny beta1=0", "config=wide beta1=0.5"])
        #expect(sweep.notes == ["exclude[2] matches no trial"])
    }

    @Test func impossiblePointsMayBeExcluded() throws {
        let sweep = try sweep(
            #"""
            "base": "tiny.json", "axes": [{"path": "batchSize", "values": [4, 0]}], "exclude": [{"batchSize": 0}]
            """#)
        #expect(labels(sweep) == ["batchSize=4"])
    }

    @Test func repeatedPointsAreTriedOnce() throws {
        let sweep = try sweep(#""base": "tiny.json", "axes": [{"path": "batchSize", "values": [4, 4.0, 8]}]"#)
        #expect(labels(sweep) == ["batchSize=4", "batchSize=8"])
        #expect(
            sweep.notes == [
                "duplicate points, tried only once: 1, such as batchSize=4.0: the same trial as batchSize=4"
            ])
    }

    /// What has no effect on a trial makes no other one.
    @Test func pointsOfOneConfigAreNamed() throws {
        let sweep = try sweep(#""base": "tiny.json", "axes": [{"path": "log.every", "values": [1, 2, 3]}]"#)
        #expect(labels(sweep) == ["every=1"])
        #expect(
            sweep.notes == ["duplicate points, tried only once: 2, such as every=2: the same trial as every=1"])
    }

    // MARK: Draws

    private let drawn = """
        "base": "tiny.json", "axes": [
          {"path": "optimizer.learningRate", "logRange": {"from": 1e-5, "to": 1e-1}},
          {"path": "optimizer.beta1", "range": {"from": 0, "to": 0.9}}, {"path": "batchSize", "values": [4, 8, 16]}]
        """

    @Test func drawsDependOnTheSeedAlone() throws {
        let few = try sweep(drawn + #", "random": {"count": 5, "seed": 3}"#)
        let many = try sweep(drawn + #", "random": {"count": 40, "seed": 3}"#)
        let others = try sweep(drawn + #", "random": {"count": 5, "seed": 4}"#)
        #expect(labels(few) == labels(many).prefix(5).map { $0 })
        #expect(Set(labels(few)).isDisjoint(with: labels(others)))
        let rates = many.trials.compactMap { $0.settings[0].value.number }
        #expect(rates.count == 40 && rates.allSatisfy { (1e-5...1e-1).contains($0) })
        // Half of them below the geometric middle, give or take four deviations.
        let low = rates.filter { $0 < 1e-3 }.count
        #expect((8...32).contains(low), "\(low) of 40 below the middle")
        #expect(Set(many.trials.map { $0.settings[2].value.integer }).count == 3)
    }

    @Test func zippedRangesAreDrawnTogether() throws {
        let sweep = try sweep(
            """
            "base": "tiny.json", "random": {"count": 5}, "axes": [{"zip": [
              {"path": "optimizer.learningRate", "range": {"from": 0, "to": 1}},
              {"path": "optimizer.beta1", "range": {"from": 0, "to": 0.5}}]}]
            """)
        #expect(sweep.trials.count == 5)
        for trial in sweep.trials {
            let rate = try #require(trial.settings[0].value.number)
            #expect(abs(try #require(trial.settings[1].value.number) - rate / 2) < 1e-5)
        }
    }

    @Test func seedsCrossDraws() throws {
        let sweep = try sweep(drawn + #", "random": {"count": 3}, "seeds": [0, 1]"#)
        #expect(sweep.trials.count == 6)
        #expect(sweep.trials.map { $0.settings.last?.value.integer } == [0, 1, 0, 1, 0, 1])
    }

    // MARK: Faults

    @Test func faultsNamePlaceAndRemedy() throws {
        let cases: [(body: String, expected: String)] = [
            (#""base": "tiny.json", "axis": []"#, "sweep.json:1: axis: unknown key. Did you mean 'axes'?"),
            (#""axes": []"#, "sweep.json:1: base: missing: give a 'base', or an axis with 'config' files"),
            (
                #""base": "tiny.json", "axes": [{"config": ["wide.json"]}]"#,
                "sweep.json:1: base: give a 'base' or an axis with 'config' files, not both"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize"}]"#,
                "sweep.json:1: axes[0]: missing: one of 'values', 'range', 'logRange', 'zip', 'config', 'cases'"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize", "values": [1], "cases": [{"name": "x"}]}]"#,
                "sweep.json:1: axes[0]: 'values' and 'cases' cannot be combined"
            ),
            (
                #""base": "tiny.json", "axes": [{"values": [1]}]"#,
                "sweep.json:1: axes[0].path: missing; 'values' needs it"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "steps", "values": [1]}, {"path": "steps", "values": [2]}]"#,
                "sweep.json:1: axes[1]: 'steps' is already the name of another axis; give this one a 'name'"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "seed", "values": [1]}]"#,
                "sweep.json:1: axes[0]: an axis cannot set 'seed'; use 'seeds', such as [1, 2]"
            ),
            (
                #""base": "tiny.json", "axes": [{"name": "n", "path": "seed", "values": [1]}], "seeds": [0]"#,
                "sweep.json:1: axes[0]: 'seed' is already set by seeds"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSise", "values": [1]}]"#,
                "sweep.json:1: batchSise: unknown key. Did you mean 'batchSize'?"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize", "values": [4, "many"]}]"#,
                "sweep.json:1: batchSize: expected an integer, found the string \"many\""
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize", "range": {"from": 1, "to": 2}}]"#,
                "sweep.json:1: axes[0].range: missing key 'step'; "
                    + "only random draws can omit it, and zipped axes only together"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize", "range": {"from": 0, "to": 1e200, "step": 1e199}}]"#,
                "sweep.json:1: axes[0].range.to: 1e+200 is out of range; expected 0, or a magnitude from 1e-100 to 1e100"
            ),
            (
                #""base": "tiny.json", "axes": [{"zip": [{"path": "steps", "values": [1]}, {"path": "batchSize", "values": [1, 2]}]}]"#,
                "sweep.json:1: axes[0]: zipped axes must have the same length; these have 1, 2"
            ),
            (
                #""base": "tiny.json", "exclude": [{"optimiser.type": "sgd"}], "set": {"optimizer.type": "adam"}"#,
                "sweep.json:1: exclude[0][\"optimiser.type\"]: unknown key. Did you mean 'optimizer.type'?"
            ),
            (
                #""base": "tiny.json", "set": {"a b": 1}"#,
                "sweep.json:1: set: 'a b' is not a path of keys, such as optimizer.learningRate or generator.layers[2].features"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize", "values": [4, 8]}], "random": {"count": 3}"#,
                "sweep.json:1: random.count: 3 points are wanted, but the axes give only 2 different ones"
            ),
            (
                #""base": "tiny.json", "axes": [{"path": "batchSize", "values": [8]}, {"name": "c", "cases": [{"name": "x", "set": {"batchSize": 4}}]}]"#,
                "sweep.json:1: axes[1]: 'batchSize' is already set by another axis"
            ),
            (
                #""base": "tiny.json", "stop": {"metric": "metric.fid-lenet"}"#,
                "sweep.json:1: stop.metric: no trial measures 'metric.fid-lenet'; see 'evaluate.metrics'"
            ),
            (
                #""base": "tiny.json", "set": {"evaluate": {"metrics": ["fid"]}}, "stop": {"metric": "metric.fdc"}"#,
                "sweep.json:1: stop.metric: no trial measures 'metric.fdc'; see 'evaluate.metrics'"
            ),
            (
                #""base": "tiny.json", "set": {"objective": "gan", "ensemble.combination": "gman"}"#,
                "sweep.json:1: ensemble: 'gman' combines several discriminators, but there is only one; raise 'copies', or use 'sum'"
            ),
            (
                #""base": "none.json""#,
                "sweep.json:1: base: there is no file '\(folder.path)/none.json', and no config of this name comes with "
                    + "Agon; list configs with: agon configs"
            ),
            (
                #""axes": [{"config": ["tiny.json", "none.json"]}]"#,
                "sweep.json:1: axes: there is no file '\(folder.path)/none.json', and no config of this name comes with "
                    + "Agon; list configs with: agon configs"
            ),
        ]
        for (body, expected) in cases {
            let found = message { _ = try sweep(body) }
            #expect(found == folder.path + "/" + expected)
        }
        let all = message { _ = try sweep(#""base": "tiny.json", "exclude": [{"batchSize": 8}]"#) }
        #expect(all == "\(folder.path)/sweep.json: no trial is left; 'exclude' matches them all")
    }

    @Test func overridesGoOverTheFile() throws {
        let sweep = try sweep(
            #""base": "tiny.json", "set": {"steps": 5}, "seeds": [0, 1]"#, "seeds=[7]", "set.steps=6",
            "set[\"optimizer.beta1\"]=0.25")
        #expect(labels(sweep) == ["seed=7"])
        #expect(sweep.trials[0].experiment.configuration.steps == 6)
        #expect(sweep.trials[0].experiment.resolved["optimizer"]?["beta1"]?.number == 0.25)
    }

    @Test func extendedSweepsKeepTheirBasesPlace() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: true)
        _ = try folder.write(#"{"name": "all", "base": "tiny.json", "seeds": [0, 1, 2]}"#, to: "all.json")
        let path = try folder.write(#"{"extends": "../all.json", "name": "few", "seeds": [5]}"#, to: "sub/few.json")
        let sweep = try Sweep(file: path)
        #expect(sweep.configuration.name == "few")
        #expect(labels(sweep) == ["seed=5"])
    }

    @Test func publishedSchemaIsCurrent() throws {
        let text = try String(contentsOfFile: projectFolder + "/Configs/sweep-schema.json", encoding: .utf8)
        #expect(try SweepConfiguration.schema().prettyText == text, "agon schema --sweep > Configs/sweep-schema.json")
    }

    // MARK: Shipped files

    static let shipped: [String] = {
        let folder = URL(fileURLWithPath: projectFolder + "/Configs/sweeps").resolvingSymlinksInPath().path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted()
    }()

    @Test func sweepsAreShipped() {
        #expect(
            Set(Self.shipped).isSuperset(of: ["gas.json", "hacks.json", "hypervolume-mnist.json", "selfgan-mlp.json"]))
    }

    @Test(arguments: shipped) func shippedSweepLoads(name: String) throws {
        let sweep = try Sweep(file: projectFolder + "/Configs/sweeps/" + name)
        #expect(sweep.configuration.name + ".json" == name)
        #expect(sweep.trials.count > 1)
        #expect(sweep.notes.isEmpty)
    }
}
