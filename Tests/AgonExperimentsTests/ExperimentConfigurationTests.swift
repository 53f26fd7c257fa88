import AgonConfiguration
import AgonDatasets
import AgonExperiments
import AgonScoring
import AgonTensors
import AgonTestSupport
import AgonTraining
import Testing

@Suite struct ExperimentConfigurationTests {
    @Test func resolvedConfigStatesTheSameExperiment() throws {
        let experiment = try TinyExperiment.load()
        let again = try Experiment(ConfigNode.parse(experiment.resolved.prettyText, file: "resolved.json"))
        #expect(again.resolved == experiment.resolved)
        #expect(again.digest == experiment.digest)
    }

    @Test func digestIsOfWhatIsComputed() throws {
        let digest = try TinyExperiment.load().digest
        #expect(try TinyExperiment.load("steps=99", "name=other").digest == digest)
        #expect(try TinyExperiment.load("seed=4").digest != digest)
        #expect(try TinyExperiment.load("samples.every=7", "log.every=9", "checkpoints.keep=1").digest == digest)
        #expect(try TinyExperiment.load("evaluate={}").digest == digest)
        #expect(try TinyExperiment.load("alarms.gradientNorm.action=warn").digest != digest)
    }

    @Test func theBestCheckpointNeedsItsMetric() throws {
        let keeps = #"checkpoints={"best": "fid"}"#
        let digest = try TinyExperiment.load().digest
        #expect(try TinyExperiment.load(keeps, #"evaluate={"metrics": ["kid", "fid"]}"#).digest == digest)
        #expect(try TinyExperiment.load(keeps, "evaluate={}").configuration.checkpoints.best == .frechet)
        for evaluate in ["evaluate=null", #"evaluate={"metrics": ["kid"]}"#] {
            let text = message { try TinyExperiment.load(keeps, evaluate) }
            #expect(text.contains("the best 'fid', which is not measured; add "), "\(text)")
        }
    }

    @Test func aStatedDefaultChangesNoDigest() throws {
        let short = try TinyExperiment.load()
        let long = try TinyExperiment.load(
            "dataset.holdout=0", "alarms={\"discriminatorLossNearZero\": {\"steps\": 100}}", "tricks={}",
            "optimizer.beta2=0.999", "stages=[]")
        #expect(short.digest == long.digest)
        #expect(long.differences(from: short).isEmpty)
    }

    @Test func stagesAreComparedByWhatTheyMakeOfTheConfig() throws {
        func experiment(_ changes: String, _ overrides: String...) throws -> Experiment {
            try Experiment(
                ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(
                    ["stages=[{\"from\": 8, \"set\": \(changes)}]"] + overrides))
        }
        let first = try experiment(#"{"batchSize": 4}"#)
        // What no step depends on does not in a stage either.
        let quiet = try experiment(#"{"batchSize": 4, "samples": {"every": 3}}"#)
        #expect(quiet.digest == first.digest)
        #expect(
            try experiment(#"{"batchSize": 2}"#).differences(from: first).map(\.path.description) == [
                "stages[0].set.batchSize"
            ])
        #expect(
            try experiment(#"{"batchSize": 4}"#, "optimizer.beta1=0").differences(from: first).map(\.path.description)
                == ["optimizer.beta1"])
    }

    @Test func stagesNeedStepsBetweenThem() throws {
        let found = message {
            _ = try Experiment(
                ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(
                    [#"stages=[{"share": 0.1, "set": {}}, {"share": 0.2, "set": {}}]"#, "steps=2"]))
        }
        #expect(
            found.hasSuffix(
                "stages[1].share: begins after step 1, no later than the stage before; train for more steps, or move it"
            ), "\(found)")
        // More steps do not move a stage that begins at a step.
        let fixed = message {
            _ = try Experiment(
                ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying(
                    [#"stages=[{"from": 9, "set": {}}, {"from": 5, "set": {}}]"#]))
        }
        #expect(
            fixed.hasSuffix("stages[1].from: begins after step 5, no later than the stage before; move it"), "\(fixed)")
    }

    @Test func stagesThatAreNotTrainedAreNoted() throws {
        let tiny = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json")
        func note(_ starts: String) throws -> String? {
            try Experiment(tiny.applying(["stages=[\(starts)]"])).lateStagesNote
        }
        #expect(try note(#"{"from": 9, "set": {}}"#) == nil)
        #expect(
            try note(#"{"from": 9, "set": {}}, {"from": 24, "set": {}}, {"from": 50, "set": {}}"#)
                == "stages: those that begin after steps 24, 50 are not trained, as the training ends after step 24")
        #expect(
            try note(#"{"from": 50, "set": {}}"#)
                == "stages: the one that begins after step 50 is not trained, as the training ends after step 24")
    }

    @Test func stepsAndSeedGoOverTheConfig() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(TinyExperiment.text, to: "tiny.json")
        let experiment = try Experiment.load(path: path, overrides: ["steps=2"], steps: 9, seed: 7)
        #expect(experiment.configuration.steps == 9 && experiment.configuration.seed == 7)
        #expect(
            message { _ = try Experiment.load(path: path, steps: 0) }
                == "--steps 0: 0 is out of range; expected an integer from 1 to 1000000000")
    }

    @Test(arguments: [
        ("bachSize=4", "--set bachSize=4: bachSize: unknown key. Did you mean 'batchSize'?"),
        ("steps=many", "--set steps=many: steps: expected an integer, found the string \"many\""),
        ("steps=0", "--set steps=0: steps: 0 is out of range; expected an integer from 1 to 1000000000"),
        ("name=a/b", "--set name=a/b: name: 'a/b' is not a valid folder name; use letters, digits, '.', '_' and '-'"),
        (
            "objective=selfgam",
            "--set objective=selfgam: objective: unknown objective 'selfgam'. Did you mean 'selfgan'? "
                + "Available: catgan, gan, hinge, lsgan, relativistic, selfgan, wgan, wgan-gp"
        ),
        (
            "updates.generator=2",
            "--set updates.generator=2: updates: 'selfgan' updates both networks in one step; "
                + "discriminator:generator must be 1:1, not 1:2"
        ),
    ])
    func messagesOfBadConfigs(override: String, expected: String) {
        #expect(message { _ = try TinyExperiment.load(override) } == expected)
    }

    @Test(arguments: [
        (
            "generator.layers[1]={\"type\": \"conv\", \"channels\": 3, \"kernel\": 3}",
            "--set generator.layers[1]={\"type\": \"conv\", \"channels\": 3, \"kernel\"…: "
                + "generator.layers[1] (conv): "
                + "input [16] is not an image [height, width, channels]; put a reshape before it"
        ),
        (
            "discriminator.layers[3].features=4",
            "tiny.json:12: discriminator: ends in [4] per sample; expected one score [1], or a map of scores [H, W, 1]"
        ),
    ])
    func messagesOfNetworksThatDoNotFit(override: String, expected: String) {
        #expect(message { _ = try ExperimentNetworks(TinyExperiment.load(override)) } == expected)
    }

    @Test func missingDatasetNamesTheCommandThatFetchesIt() throws {
        let folder = try TemporaryFolder()
        var options = TinyExperiment.options(folder.path + "/run")
        options.searchPath = DataSearchPath(
            roots: [.init(path: folder.path, mayBeTheSet: false)], manifestFolders: [projectFolder + "/Datasets"],
            fetchFolder: folder.path)
        let config = projectFolder + "/Configs/selfgan/mlp.json"
        let found = message { _ = try TrainingRun.run(Experiment.load(path: config), options: options) }
        #expect(found.hasPrefix("dataset 'fashion-mnist' not found: no train-images-idx3-ubyte in "))
        #expect(found.hasSuffix("Get it with: agon datasets fetch fashion-mnist"))
        let unknown = message {
            _ = try TrainingRun.run(
                Experiment.load(path: config, overrides: ["dataset.name=fashion-mnits"]), options: options)
        }
        #expect(
            unknown.hasPrefix(
                "--set dataset.name=fashion-mnits: dataset.name: unknown dataset 'fashion-mnits'. "
                    + "Did you mean 'fashion-mnist'?"
            ))
    }

    /// The config of Documentation/own-images.md: its networks follow the channels of the images, which keep their
    /// aspect, and averages warm up.
    @Test func fiveLinesSufficeForOwnImages() throws {
        let page = try String(contentsOfFile: projectFolder + "/Documentation/own-images.md", encoding: .utf8)
        let config = try #require(page.split(separator: "```json\n").dropFirst().first?.split(separator: "```").first)
        #expect(config.split(separator: "\n").count == 5)
        let folder = try TemporaryFolder()
        let path = try folder.write(
            String(config.replacing("PATH/TO/agon", with: projectFolder)), to: "flowers.json")
        let experiment = try Experiment.load(path: path)
        #expect(experiment.configuration.dataset.name == "folder")
        #expect(experiment.configuration.training.tricks.averaging?.warmsUp == true)
        #expect(experiment.resolved["dataset"]?["transforms"]?.array?.first?["fit"]?.string == "cover")
        let layers = try #require(experiment.resolved["generator"]?["layers"]?.array)
        #expect(layers.compactMap { $0["channels"]?.string } == ["data"])
    }

    @Test func publishedSchemaIsCurrent() throws {
        let published = try String(contentsOfFile: projectFolder + "/Configs/schema.json", encoding: .utf8)
        #expect(
            try ExperimentConfiguration.schema().prettyText == published,
            "run: swift run agon schema > Configs/schema.json")
    }
}
