import AgonConfiguration
import AgonDatasets
import AgonRuns
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonScoring
@testable import AgonTraining

/// Classifiers that are trained, kept and interrupted.
@Suite struct ClassifierTests {
    @Test func aClassifierIsTrainedOnceAndKept() throws {
        let digits = try TinyDigits()
        let recipe = try digits.classifiers.recipe("blocks")
        #expect(try digits.classifiers.weights(of: recipe, searchPath: digits.searchPath) == nil)
        var reports: [TrainingProgress] = []
        let weights = try digits.classifiers.train(
            recipe, searchPath: digits.searchPath, threads: 2, report: { reports.append($0) })
        // Untrained it names one in ten.
        #expect(weights.accuracy > 0.9)
        #expect(weights.testSamples == 60)
        // The data are not published ones, so their contents are part of the name.
        let stem = digits.classifiers.cacheFolder + "/blocks-\(recipe.digest.prefix(12))-"
        let contents = try recipe.configuration.dataset.open(searchPath: digits.searchPath).fingerprint?.sha256 ?? ""
        #expect(weights.path == stem + contents.prefix(12) + ".safetensors")
        #expect(weights.hash == SHA256.hex(of: bytes(weights.path).map { Array($0) } ?? []))
        #expect(reports.last?.step == 120 && reports.count == 120)
        #expect((reports.last?.scalar("loss") ?? 9) < (reports.first?.scalar("loss") ?? 0))
        let names = try FileManager.default.contentsOfDirectory(atPath: digits.classifiers.cacheFolder)
        #expect(names.filter { $0.hasSuffix(".safetensors") }.count == 1, "\(names)")

        reports = []
        let again = try digits.classifiers.train(
            recipe, searchPath: digits.searchPath, threads: 1, report: { reports.append($0) })
        #expect(again.hash == weights.hash && reports.isEmpty)
    }

    @Test func weightsOfOtherImagesAreNotUsed() throws {
        let digits = try TinyDigits()
        let recipe = try digits.classifiers.recipe("blocks", overrides: ["steps=3"])
        let weights = try digits.trainClassifier("steps=3")
        let path = digits.folder.path + "/Datasets/mnist/train-images"
        let images = try bytes(of: path)
        try Data(images.prefix(16) + images.dropFirst(16).map { 255 - $0 }).write(to: URL(fileURLWithPath: path))
        #expect(try digits.classifiers.weights(of: recipe, searchPath: digits.searchPath) == nil)
        let others = try digits.trainClassifier("steps=3")
        #expect(others.path != weights.path && others.hash != weights.hash)
        try Data(images).write(to: URL(fileURLWithPath: path))
        #expect(try digits.trainClassifier("steps=3").hash == weights.hash)
    }

    @Test func weightsThatCannotBeReadAreNotTrainedAgain() throws {
        let digits = try TinyDigits()
        let weights = try digits.trainClassifier("steps=3")
        // A ring of links: any user gets an error of reading, root too.
        unlink(weights.path)
        try FileManager.default.createSymbolicLink(atPath: weights.path, withDestinationPath: weights.path)
        #expect(message { try digits.trainClassifier("steps=3") }.hasPrefix("\(weights.path): cannot read"))
    }

    @Test func anInterruptedClassifierEndsInTheSameBytes() throws {
        let (whole, parts) = (try TinyDigits(), try TinyDigits())
        let weights = try whole.trainClassifier()
        let recipe = try parts.classifiers.recipe("blocks")
        // Between states, and at one.
        for stop in [7, 50] {
            let text = message {
                let request = StopRequest()
                _ = try parts.classifiers.train(
                    recipe, searchPath: parts.searchPath, threads: 1, stop: request,
                    report: { if $0.step == stop { request.request() } })
            }
            #expect(
                text == "classifier 'blocks': stopped after step \(stop) of 120; "
                    + "training will resume from there")
        }
        var first = 0
        let resumed = try parts.classifiers.train(
            recipe, searchPath: parts.searchPath, threads: 2, stop: StopRequest(),
            report: { if first == 0 { first = $0.step } })
        #expect(first == 51)
        #expect(try bytes(of: resumed.path) == bytes(of: weights.path))
    }

    /// The state of an interrupted training is a checkpoint like that of a run.
    @Test func anInterruptedClassifierLeavesACheckpoint() throws {
        let digits = try TinyDigits()
        let recipe = try digits.classifiers.recipe("blocks")
        let request = StopRequest()
        _ = try? digits.classifiers.train(
            recipe, searchPath: digits.searchPath, threads: 1, stop: request,
            report: { if $0.step == 7 { request.request() } })
        let names = try FileManager.default.contentsOfDirectory(atPath: digits.classifiers.cacheFolder)
        let name = try #require(names.first { $0.hasSuffix(".state.safetensors") })
        let checkpoint = try Checkpoint(path: digits.classifiers.cacheFolder + "/" + name)
        #expect(checkpoint.step == 7 && checkpoint.config == recipe.digest)
    }

    @Test func aChangedConfigHasWeightsOfItsOwn() throws {
        let digits = try TinyDigits()
        let weights = try digits.trainClassifier("steps=3")
        let same = try digits.classifiers.recipe("blocks", overrides: ["steps=3", "description=words"])
        #expect(try digits.classifiers.weights(of: same, searchPath: digits.searchPath)?.hash == weights.hash)
        let other = try digits.classifiers.recipe("blocks", overrides: ["steps=3", "seed=1"])
        #expect(try digits.classifiers.weights(of: other, searchPath: digits.searchPath) == nil)
        // Half a file is none.
        let half = try #require(bytes(weights.path)).prefix(900)
        try half.write(to: URL(fileURLWithPath: weights.path))
        #expect(try digits.classifiers.weights(of: same, searchPath: digits.searchPath) == nil)
    }

    @Test func twoThatWantAClassifierTrainItOnce() throws {
        let digits = try TinyDigits()
        let log = Notes()
        let recipe = try digits.classifiers.recipe("blocks", overrides: ["steps=20"])
        let stop = StopRequest()
        runConcurrently(3) { _ in
            _ = try? digits.classifiers.train(
                recipe, searchPath: digits.searchPath, threads: 1, stop: stop, report: { _ in usleep(5000) },
                note: { log.append($0) })
        }
        let notes = log.lines
        #expect(notes.filter { $0.contains("training it for 20 steps, once") }.count == 1, "\(notes)")
        #expect(notes.filter { $0.contains("another process is training it") }.count == 2, "\(notes)")
        #expect(try digits.classifiers.weights(of: recipe, searchPath: digits.searchPath) != nil)
    }

    @Test func messagesOfClassifiers() throws {
        let digits = try TinyDigits()
        #expect(
            message { _ = try digits.classifiers.recipe("block") }
                == "unknown classifier 'block'. Did you mean 'blocks'? Available: blocks; "
                + "or give the path of a config")
        #expect(
            message { _ = try digits.classifiers.recipe("blocks", overrides: ["dataset.range=unit"]) }.hasSuffix(
                "dataset: a classifier reads images in [-1, 1]; remove 'range', or set it to 'signed'"))
        #expect(
            message { try digits.trainClassifier("input=[14, 14, 1]") }
                == "classifier 'blocks' does not fit: it has 10 classes of images [14, 14, 1], "
                + "the dataset has 10 classes and images [12, 12, 1]")
        #expect(
            message { try digits.trainClassifier("network.layers[5].features=7") }.contains(
                "it has 7 classes of images [12, 12, 1], the dataset has 10 classes"))
        #expect(
            message { _ = try digits.classifiers.recipe("blocks", overrides: ["name=a/b"]) }.hasSuffix(
                "name: 'a/b' is not a valid file name; use letters, digits, '.', '_' and '-'"))
        #expect(
            message { try digits.trainClassifier(#"network.layers=["relu"]"#) }.hasSuffix(
                "network: its output is [12, 12, 1], expected [classes], one logit per class"))
    }

    @Test func testSamplesHaveNothingRandom() throws {
        let digits = try TinyDigits()
        let test = try digits.classifiers.recipe("blocks").openSamples(of: .test, searchPath: digits.searchPath)
        #expect(test.count == 60 && test.drawCount == 0)
        // A centred crop of the same size: the image itself.
        let plain = try digits.load(["dataset.split=test"]).configuration.dataset.open(searchPath: digits.searchPath)
        #expect(try test.samples(0..<5) == plain.samples(0..<5))
    }

    @Test(arguments: ["lenet-mnist", "lenet-fashion-mnist", "resnet18-cifar10"])
    func shippedClassifierIsSound(name: String) throws {
        let folder = try TemporaryFolder()
        let catalogue = ClassifierCatalogue(
            configFolders: [projectFolder + "/Configs/classifiers"], cacheFolder: folder.path)
        #expect(catalogue.names == ["lenet-fashion-mnist", "lenet-mnist", "resnet18-cifar10"])
        let recipe = try catalogue.recipe(name)
        let network = try recipe.network()
        #expect(network.outputShape == [10])
        // LeNet's 21,840 parameters; ResNet-18's 11.2 million for ten classes and a 3x3 stem.
        #expect(network.parameterCount == (name.hasPrefix("lenet") ? 21_840 : 11_173_962))
        #expect(recipe.name == name)
    }

    /// The weights that come with Agon are those of the configs that come with it, so nobody has to train them.
    @Test(arguments: [("lenet-mnist", 0.98), ("lenet-fashion-mnist", 0.85)])
    func shippedWeightsAreThoseOfTheirConfig(name: String, accuracy: Double) throws {
        let folder = try TemporaryFolder()
        let configs = projectFolder + "/Configs/classifiers"
        let catalogue = ClassifierCatalogue(configFolders: [configs], cacheFolder: folder.path)
        let recipe = try catalogue.recipe(name)
        let nowhere = DataSearchPath(roots: [], manifestFolders: [], fetchFolder: folder.path)
        let weights = try #require(try catalogue.weights(of: recipe, searchPath: nowhere), "no weights of this config")
        #expect(weights.path == "\(configs)/\(name)-\(recipe.digest.prefix(12)).safetensors")
        #expect(weights.name == name && weights.config == recipe.digest)
        #expect(weights.steps == recipe.configuration.steps && weights.testSamples == 10_000)
        #expect(weights.accuracy > accuracy && weights.accuracy < 1)
        let network = try recipe.network()
        let initial = network.parameters.map(\.values)
        try weights.restore(network)
        for (parameter, values) in zip(network.parameters, initial) {
            #expect(parameter.values != values && parameter.values.allSatisfy(\.isFinite), "\(parameter.name)")
        }
    }

    @Test func schemaOfClassifiersIsCurrent() throws {
        let path = projectFolder + "/Configs/classifiers/schema.json"
        let stored = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            try stored == ClassifierConfiguration.schema().prettyText,
            "agon classifier schema > Configs/classifiers/schema.json")
    }
}

/// Lines from several threads.
private final class Notes: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: [String] = []

    var lines: [String] { lock.withLock { stored } }
    func append(_ line: String) { lock.withLock { stored.append(line) } }
}
