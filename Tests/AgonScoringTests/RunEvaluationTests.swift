import AgonConfiguration
import AgonDatasets
import AgonTensors
import AgonTestSupport
import Foundation
import Testing

@testable import AgonExperiments
@testable import AgonRuns
@testable import AgonScoring
@testable import AgonTraining

/// Evaluations in training and after it.
@Suite struct RunEvaluationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func train(
        _ digits: TinyDigits, _ run: String, resumes: Bool = false, threads: Int = 1, _ overrides: [String] = [],
        stop: StopRequest = StopRequest(), report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> RunFolder {
        var options = digits.options(run, resumes: resumes, threads: threads)
        options.stop = stop
        _ = try TrainingRun.run(
            digits.load(overrides), options: options, classifiers: digits.classifiers, report: report)
        return RunFolder(path: run)
    }

    private func weights(_ run: RunFolder) throws -> Data { try #require(bytes(run.checkpointPath(step: 12))) }

    @Test func evaluationsLeaveTheTrainingAsItIs() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        // Averages follow the weights, and dropout draws random numbers of the step; neither may change.
        let common = [#"tricks={"averaging": {"decay": 0.5}}"#]
        let plain = try train(digits, digits.folder.path + "/plain", common)
        let measured = try train(digits, digits.folder.path + "/measured", common + [TinyDigits.evaluate])
        #expect(try weights(plain) == weights(measured))
        #expect(try bytes(of: plain.samplePath(step: 12)) == bytes(of: measured.samplePath(step: 12)))
        #expect(!FileManager.default.fileExists(atPath: plain.evaluationsPath))
        #expect(measured.evaluations.count == 3 * 9)
    }

    @Test func valuesGoToBothFilesWithTheirIdentity() throws {
        let digits = try TinyDigits()
        let classifier = try digits.trainClassifier()
        let run = try train(digits, digits.folder.path + "/run", [TinyDigits.evaluate])
        let values = run.evaluations
        #expect(values.map(\.step) == [4, 8, 12].flatMap { [Int](repeating: $0, count: 9) })
        #expect(
            values.prefix(9).map(\.metric) == [
                "fid-linear", "kid-linear", "inception-score-linear", "precision-linear", "recall-linear",
                "density-linear", "coverage-linear", "ms-ssim", "ms-ssim-over-real",
            ])
        let identity = try #require(values.first?.identity.node)
        #expect(identity["extractor"]?.string == "blocks")
        #expect(identity["extractorHash"]?.string == classifier.hash)
        #expect(identity["resizer"]?.string == "none")
        #expect(identity["realSamples"]?.integer == 50)
        #expect(identity["generatedSamples"]?.integer == 40)
        #expect(identity["split"]?.string == "test")
        #expect(identity["weights"]?.string == "raw")
        #expect(identity["latentSeed"]?.integer == 0)
        #expect(identity["image8bit"]?.string == "round((x+1)*127.5)")
        #expect(identity["dataset"]?.string == "mnist")
        // The similarity of samples takes neither a classifier nor real samples.
        let similarity = try #require(values.first { $0.metric == "ms-ssim" }?.identity.node)
        #expect(similarity["extractor"] == nil && similarity["split"] == nil && similarity["pairs"] != nil)
        // What it exceeds that of real samples by takes these.
        let excess = try #require(values.first { $0.metric == "ms-ssim-over-real" })
        #expect(excess.identity.node["split"]?.string == "test" && abs(excess.value) < 1)

        // The log of metrics has copies, in single precision, which no reader takes for values.
        let lines = try String(contentsOfFile: run.metricsPath, encoding: .utf8).split(separator: "\n").map {
            try ConfigNode.parse(String($0), file: "metrics")
        }.filter { $0["metric.fid-linear"] != nil }
        #expect(lines.compactMap { $0["step"]?.integer } == [4, 8, 12])
        for line in lines {
            let step = try #require(line["step"]?.integer)
            for value in values where value.step == step {
                #expect(line["metric.\(value.metric)"]?.number.map { Float($0) } == Float(value.value))
            }
        }
        // Generated noise is far from the digits, and all alike in the classifier's eyes or not: the score is 1 to 10.
        #expect(values.filter { $0.metric == "fid-linear" }.allSatisfy { $0.value > 1 })
        #expect(values.filter { $0.metric.hasPrefix("inception") }.allSatisfy { (1...10).contains($0.value) })
        let record = try #require(run.record)
        let before = try #require(record.peakMemoryBytesBeforeEvaluation)
        #expect(before > 1_000_000 && before <= record.peakMemoryBytes ?? 0)
    }

    @Test func valuesAgainstOtherImagesAreNotComparable() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let run = try train(digits, digits.folder.path + "/run", [TinyDigits.evaluate])
        func measure() throws -> EvaluationValue {
            let evaluation = try digits.evaluation(["metrics": ["fid"], "samples": 40, "realSamples": 50])
            return try #require(try evaluation.evaluate(run: run.path).values.first)
        }
        let first = try measure()
        let path = digits.folder.path + "/Datasets/mnist/test-images"
        let images = try bytes(of: path)
        try Data(images.prefix(16) + images.dropFirst(16).map { 255 - $0 }).write(to: URL(fileURLWithPath: path))
        let second = try measure()
        #expect(second.value != first.value)
        let differences = second.identity.differences(from: first.identity)
        #expect(differences.count == 1 && differences[0].hasPrefix("datasetContents "), "\(differences)")

        // A run that would measure against other images from here on is refused too.
        let text = message { _ = try train(digits, run.path, resumes: true, [TinyDigits.evaluate, "steps=16"]) }
        #expect(text.contains("dataset 'mnist' (test): 2 files"), "\(text)")
        try Data(images).write(to: URL(fileURLWithPath: path))
        #expect(try measure() == first)
        #expect(run.record?.data.map(\.split) == ["train", "test"])
        _ = try train(digits, run.path, resumes: true, [TinyDigits.evaluate, "steps=16"])
    }

    @Test func interruptedRunsHaveTheSameEvaluations() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let whole = try train(digits, digits.folder.path + "/whole", threads: 2, [TinyDigits.evaluate])
        let run = digits.folder.path + "/parts"
        let stop = StopRequest()
        _ = try train(digits, run, [TinyDigits.evaluate], stop: stop) { event in
            if case .progress(let progress) = event, progress.step == 9 { stop.request() }
        }
        // As a kill leaves it: the values of step 8 are written, its checkpoint is not, and a line is torn.
        let parts = RunFolder(path: run)
        for step in [8, 9] { try FileManager.default.removeItem(atPath: parts.checkpointPath(step: step)) }
        let torn = try String(contentsOfFile: parts.evaluationsPath, encoding: .utf8) + "{\"step\": 9, \"met"
        try torn.write(toFile: parts.evaluationsPath, atomically: true, encoding: .utf8)
        _ = try train(digits, run, resumes: true, [TinyDigits.evaluate])
        #expect(try bytes(of: parts.evaluationsPath) == bytes(of: whole.evaluationsPath))
        #expect(try weights(parts) == weights(whole))
        // When evaluations happen does not affect training, so it may change along the way.
        _ = try train(digits, run, resumes: true, ["steps=13", #"evaluate={"every": 100, "metrics": ["ms-ssim"]}"#])
        #expect(parts.evaluations.last?.step == 13)
    }

    @Test func theBestCheckpointIsKeptBesideTheNewest() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let settings = [
            #"evaluate={"every": 2, "samples": 40, "realSamples": 50, "metrics": ["fid"]}"#,
            #"checkpoints={"every": 4, "keep": 1, "best": "fid"}"#,
        ]
        let whole = try train(digits, digits.folder.path + "/whole", settings)
        let best = try #require(
            whole.evaluations.reduce(nil) { best, value -> EvaluationValue? in
                best.map { value.value < $0.value ? value : $0 } ?? value
            })
        #expect(try whole.checkpointSteps == Set([best.step, 12]).sorted())
        #expect(try whole.bestCheckpointStep() == best.step)
        #expect(whole.record?.bestCheckpoint == best.step)

        // Stopped at odd steps and resumed, with the same checkpoints in the end.
        let run = digits.folder.path + "/parts"
        for stop in [3, 7, 12] {
            let request = StopRequest()
            _ = try train(digits, run, resumes: stop > 3, settings, stop: request) { event in
                if case .progress(let progress) = event, progress.step == stop { request.request() }
            }
            try #require(RunFolder(path: run).checkpointSteps.last == stop)
        }
        let parts = RunFolder(path: run)
        #expect(try bytes(of: parts.evaluationsPath) == bytes(of: whole.evaluationsPath))
        #expect(try parts.checkpointSteps == whole.checkpointSteps)
    }

    @Test func seedsOfLatentsGiveOtherValues() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let run = try train(digits, digits.folder.path + "/run", [TinyDigits.evaluate])
        let evaluation = try digits.evaluation(["metrics": ["fid"]])
        let values = try [1, 2].map { try evaluation.evaluate(run: run.path, checkpoint: 8, seed: $0).values[0] }
        #expect(values[0].value != values[1].value)
        #expect(values.map { $0.identity.node["latentSeed"]?.integer } == [1, 2])
    }

    @Test func aRunMeasuredAfterwardsHasTheValuesOfItsTraining() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let run = try train(digits, digits.folder.path + "/run", [TinyDigits.evaluate])
        let before = run.evaluations
        let outcome = try digits.evaluation().evaluate(run: run.path)
        #expect(outcome.step == 12)
        #expect(outcome.values == before.filter { $0.step == 12 })
        #expect(run.evaluations == before, "known values are not written again")
        let earlier = try digits.evaluation().evaluate(run: run.path, checkpoint: 8)
        #expect(earlier.values == before.filter { $0.step == 8 })
        let more = try digits.evaluation(["samples": 60, "metrics": ["fid"]]).evaluate(run: run.path)
        #expect(more.values.map(\.metric) == ["fid-linear"])
        #expect(more.values[0].identity.hash != before[0].identity.hash)
        #expect(run.evaluations.count == before.count + 1)

        let costs = outcome.costs
        #expect(costs.floatingPointOperationsPerStep > 8 * 2 * 16 * 144)
        #expect(costs.plannedMemoryBytes > 10_000 && (costs.peakMemoryBytes ?? 0) > 1_000_000)
        let best = try #require(costs.best.first { $0.metric == "fid-linear" })
        let distances = before.filter { $0.metric == "fid-linear" }
        #expect(distances.contains { $0.step == best.step && Float($0.value) == Float(best.value) })
        #expect(distances.allSatisfy { Float($0.value) >= Float(best.value) } && (best.seconds ?? 0) > 0)
        #expect(try ConfigNode.parse(outcome.node.prettyText, file: "json")["values"]?.array?.count == 9)
        let table = CostTable([outcome]).text
        #expect(table.hasPrefix("run"), "\(table)")
        for words in ["GFLOP/step", "planned memory", "peak memory", "training until then", best.identity.hash] {
            #expect(table.contains(words), "\(words): \(table)")
        }
    }

    @Test func averagesAndRawWeightsAreDistinguished() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let run = try train(digits, digits.folder.path + "/run", [#"tricks={"averaging": {"decay": 0.9}}"#])
        let averaged = try digits.evaluation(["metrics": ["fid"]]).evaluate(run: run.path).values[0]
        let raw = try digits.evaluation(["metrics": ["fid"], "weights": "raw"]).evaluate(run: run.path).values[0]
        #expect(averaged.identity.node["weights"]?.string == "average")
        #expect(raw.identity.node["weights"]?.string == "raw")
        #expect(averaged.value != raw.value)
        #expect(raw.identity.differences(from: averaged.identity) == ["weights raw instead of average"])
    }

    @Test func standingStatisticsLeaveTheTrainingAsItIsAndAreNamed() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        for extra in [[], [#"tricks={"averaging": {"decay": 0.5}}"#]] {
            let name = digits.folder.path + "/\(extra.count)"
            let plain = try train(digits, name + "-plain", extra)
            let standing = try train(
                digits, name + "-standing", extra + [TinyDigits.evaluate, "evaluate.standingStatistics=3"])
            #expect(try weights(plain) == weights(standing))
            let during = try #require(standing.evaluations.last { $0.metric == "fid-linear" })
            #expect(during.identity.node["standingStatistics"]?.integer == 3)
            #expect(during.identity.text.contains("standing statistics of 3 batches"))
            // The same afterwards, and others without them.
            let settings: ConfigNode = [
                "metrics": ["fid"], "samples": 40, "realSamples": 50, "modeSamples": 30, "standingStatistics": 3,
            ]
            #expect(try digits.evaluation(settings).evaluate(run: plain.path).values.first == during)
            let running = try digits.evaluation(["metrics": ["fid"], "samples": 40, "realSamples": 50])
            let value = try #require(try running.evaluate(run: plain.path).values.first)
            #expect(value.value != during.value)
            #expect(value.identity.differences(from: during.identity) == ["standingStatistics none instead of 3"])
        }
    }

    @Test func trainingImagesAreNearToTestImages() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let floor = try RealDistances.measure(
            digits.classifiers.recipe("blocks"), samples: 50, searchPath: digits.searchPath,
            catalogue: digits.classifiers, threads: 2)
        #expect(floor.map(\.name) == ["fid-linear", "kid-linear"])
        #expect(floor.allSatisfy { $0.trainingSamples == 50 && $0.testSamples == 50 })
        let distance = try #require(floor.first { $0.name == "fid-linear" })
        var notes: [String] = []
        _ = try RealDistances.measure(
            digits.classifiers.recipe("blocks"), samples: 5, searchPath: digits.searchPath,
            catalogue: digits.classifiers, threads: 1
        ) { notes.append($0) }
        #expect(notes.last?.hasPrefix("5 samples for 10 features: covariances are singular") == true, "\(notes)")
        // Blocks are near to blocks; what a hardly trained generator makes is far away.
        let run = try train(digits, digits.folder.path + "/run", [TinyDigits.evaluate])
        let generated = try #require(run.evaluations.first { $0.metric == "fid-linear" })
        #expect(distance.value > 0 && distance.value < generated.value / 20, "\(floor), \(generated.value)")
        // Without a bias it is as often negative.
        let (kernel, made) = (floor[1].value, try #require(run.evaluations.first { $0.metric == "kid-linear" }).value)
        #expect(abs(kernel) < made / 20, "\(kernel), \(made)")
    }

    /// The generator draws the digit of its label, whatever the latent is, and hardly moves.
    @Test func labelsTakeTurns() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let (latent, classes) = (4, 10)
        var weights = [Float](repeating: 0, count: 144 * (latent + classes))
        for pixel in 0..<144 {
            for label in 0..<classes {
                weights[pixel * (latent + classes) + latent + label] = TinyDigits.isBright(pixel, label) ? 0.8 : -1.2
            }
        }
        let path = digits.folder.path + "/digits.safetensors"
        try SafetensorsFile.write(
            path: path,
            [
                .init(name: "generator.1.weight", tensor: Tensor(shape: [144, latent + classes], values: weights)),
                .init(name: "generator.1.bias", tensor: Tensor(shape: [144], repeating: 0)),
                .init(name: "discriminator.2.weight", tensor: Tensor(shape: [1, 144 + classes], repeating: 0)),
                .init(name: "discriminator.2.bias", tensor: Tensor(shape: [1], repeating: 0)),
            ], metadata: [:])
        let conditional = [
            #"task={"type": "generation", "labels": 10}"#,
            #"generator.layers=["condition", {"type": "linear", "features": 144}, "tanh", {"type": "reshape", "shape": [12, 12, 1]}]"#,
            #"discriminator.layers=["flatten", "condition", {"type": "linear", "features": 1}]"#,
            #"optimizer={"type": "sgd", "learningRate": 1e-9}"#, "initialWeights=\(path)",
            #"evaluate={"every": 6, "samples": 20, "metrics": ["inception-score"]}"#,
        ]
        let run = try train(digits, digits.folder.path + "/run", conditional)
        #expect(run.evaluations.map(\.step) == [6, 12])
        // The score is that of one class for a single label, and the number of classes for all of them in turn.
        for value in run.evaluations {
            #expect(value.metric == "inception-score-linear")
            #expect(value.value > 9.9 && value.value < 10.001, "\(value.value)")
        }
    }

    // MARK: Modes

    @Test func modesOfStackedDigitsAreCounted() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let stacked = [
            #"dataset={"name": "stacked-mnist", "count": 20000}"#,
            #"generator.layers=[{"type": "linear", "features": 432}, "tanh", {"type": "reshape", "shape": [12, 12, 3]}]"#,
            TinyDigits.evaluate,
        ]
        let run = try train(digits, digits.folder.path + "/run", stacked)
        let last = run.evaluations.filter { $0.step == 12 }
        #expect(last.map(\.metric) == ["ms-ssim", "ms-ssim-over-real", "modes", "modes-kl"])
        #expect((1...30).contains(last[2].value))
        let identity = last[2].identity.node
        #expect(identity["generatedSamples"]?.integer == 30)
        #expect(identity["extractor"]?.string == "blocks")
        #expect(identity["modeFrequencies"]?.string == "train")
        // Features of colour images are not to be had from it.
        #expect(
            message { _ = try digits.evaluation(["metrics": ["fid"]]).evaluate(run: run.path) }
                == "classifier 'blocks' does not fit: it reads grey images, those of dataset 'stacked-mnist' are colour; "
                + "choose another with --classifier (in a config: evaluate.classifier)")
    }

    @Test func modesOfAMixtureAreCounted() throws {
        let run = folder.path + "/mixture"
        let node = try ConfigNode.parse(TinyExperiment.text, file: "tiny.json").applying([
            #"evaluate={"every": 12, "modeSamples": 200}"#
        ])
        _ = try TrainingRun.run(Experiment(node), options: TinyExperiment.options(run))
        let values = RunFolder(path: run).evaluations.filter { $0.step == 24 }
        #expect(values.map(\.metric).contains("modes") && values.map(\.metric).contains("modes-high-quality"))
        #expect(values.allSatisfy { $0.identity.node["generatedSamples"]?.integer == 200 })
        #expect(values.allSatisfy { $0.identity.node["extractor"] == nil && $0.identity.node["image"] == nil })
        let text = message {
            _ = try TrainingRun.run(
                Experiment(node.applying([#"evaluate.metrics=["fid"]"#])),
                options: TinyExperiment.options(folder.path + "/none"))
        }
        #expect(text == "metric 'fid': 'gaussians-8' has points, not images; 'modes' can be measured")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"), "nothing is left behind")
    }

    // MARK: What does not fit

    @Test func whatDoesNotFitIsFoundBeforeTheFirstStep() throws {
        let digits = try TinyDigits()
        let run = digits.folder.path + "/run"
        func complaint(_ overrides: String...) -> String {
            let text = message { _ = try train(digits, run, overrides) }
            #expect(!FileManager.default.fileExists(atPath: run))
            return text
        }
        #expect(
            complaint(TinyDigits.evaluate, "evaluate.classifier=bloks").hasPrefix(
                "unknown classifier 'bloks'. Did you mean 'blocks'?"))
        #expect(
            complaint(TinyDigits.evaluate, #"evaluate.metrics=["modes"]"#)
                == "metric 'modes': the modes of 'mnist' are unknown; only mixtures and stacked-mnist have known modes")
        #expect(
            complaint(TinyDigits.evaluate, "evaluate.metrics=[\"fcd\"]").contains("evaluate.metrics[0]: unknown"))
        #expect(
            complaint(TinyDigits.evaluate, "evaluate.split=validation").contains("dataset.split"))
        #expect(
            complaint(TinyDigits.evaluate, #"evaluate.classifier={"type": "vgg"}"#).contains(
                "expected a classifier's name or {\"type\": \"inceptionv3\", \"weights\": FILE}, found an object"))
    }

    @Test func metricsThatTooFewSamplesDefineAreFoundBeforeTheFirstStep() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        var notes: [String] = []
        let few = #"evaluate={"every": 12, "samples": 4, "realSamples": 50}"#
        let run = try train(digits, digits.folder.path + "/run", [few]) { event in
            if case .note(let text) = event { notes.append(text) }
        }
        let names = run.evaluations.map(\.metric)
        #expect(names.contains("fid-linear") && !names.contains("precision-linear"))
        #expect(notes.contains("left out prdc: 4 generated samples, at least 6 are needed"), "\(notes)")
        let other = digits.folder.path + "/other"
        #expect(
            message { _ = try train(digits, other, [few, #"evaluate.metrics=["prdc"]"#]) }
                == "metric 'prdc': 4 generated samples, at least 6 are needed")
        #expect(!FileManager.default.fileExists(atPath: other))
    }

    /// An evaluation that fails costs no step.
    @Test func theStateIsSavedBeforeAFailedEvaluationEndsTheRun() throws {
        let digits = try TinyDigits()
        try digits.trainClassifier()
        let path = digits.folder.path + "/run"
        // The classifier is loaded when it is first used, and its file is damaged by then.
        let cache = digits.folder.path + "/cache"
        let weights = try FileManager.default.subpathsOfDirectory(atPath: cache).filter { $0.hasSuffix(".safetensors") }
        #expect(weights.count == 1)
        let text = message {
            try train(digits, path, [TinyDigits.evaluate, "checkpoints.every=100", "evaluate.every=6"]) { event in
                guard case .progress(let progress) = event, progress.step == 5 else { return }
                try? Data("no weights".utf8).write(to: URL(fileURLWithPath: cache + "/" + weights[0]))
            }
        }
        #expect(text.hasPrefix("\(cache)/\(weights[0]): "), "\(text)")
        #expect(try RunFolder(path: path).checkpointSteps == [6])
    }

    @Test func classifiersAreNamedByOptionOrKey() {
        #expect(
            "\(MeasurementError.noClassifier(dataset: "cats", available: ["lenet-mnist"]))"
                == "no classifier was trained on 'cats'; name one with --classifier (in a config: evaluate.classifier): "
                + "lenet-mnist, the path of a config, or a .safetensors file of InceptionV3's weights "
                + "(Documentation/metrics.md tells how to make it)")
        // Training needs no metrics.
        #expect(
            "\(MeasurementError.noClassifier(dataset: "cats", available: [], isTraining: true))"
                .hasSuffix(". Without measuring, it trains with \"evaluate\": null (--set evaluate=null)"))
    }

    @Test func stagesLeaveOutWhatDoesNotFitTheirImages() throws {
        let digits = try TinyDigits()
        func generator(_ size: Int) -> String {
            #"{"layers": [{"type": "linear", "features": \#(size * size)}, "tanh", "#
                + #"{"type": "reshape", "shape": [\#(size), \#(size), 1]}]}"#
        }
        let growing = [
            #"dataset.transforms=[{"type": "resize", "size": 8}]"#, "generator=\(generator(8))",
            #"stages=[{"from": 6, "set": {"dataset": {"transforms": []}, "generator": \#(generator(12))}}]"#,
            #"evaluate={"every": 6, "samples": 20, "metrics": ["ms-ssim"]}"#,
        ]
        let run = try train(digits, digits.folder.path + "/run", growing)
        #expect(run.evaluations.map(\.step) == [12, 12])
    }

    // MARK: Tables

    @Test func differentIdentitiesInAColumnAreMarked() throws {
        func value(_ metric: String, _ value: Double, samples: Int, hash: String = "a") -> EvaluationValue {
            EvaluationValue(
                step: 1, metric: metric, value: value,
                identity: EvaluationIdentity(
                    ["extractorHash": ConfigNode(hash), "generatedSamples": ConfigNode(samples)]))
        }
        let table = EvaluationTable([
            ("one", [value("fid-x", 1.25, samples: 100), value("ms-ssim", 0.125, samples: 100)]),
            ("two", [value("fid-x", 12, samples: 50), value("ms-ssim", 0.25, samples: 100)]),
            ("three", [value("fid-x", 3, samples: 50)]),
            ("four", [value("fid-x", 123.4567, samples: 100, hash: "b")]),
        ])
        #expect(
            table.text == """
                run         fid-x  ms-ssim
                one          1.25    0.125
                two        12 [1]     0.25
                three       3 [1]        -
                four   123.46 [2]        -

                [1] fid-x: not comparable with the first: generatedSamples 50 instead of 100
                [2] fid-x: not comparable with the first: extractorHash b instead of a
                """)
    }

    @Test func bestValuesFollowTheMetric() throws {
        let run = RunFolder(path: folder.path)
        let identity = EvaluationIdentity(["weights": "raw"])
        func value(_ step: Int, _ metric: String, _ value: Double) -> EvaluationValue {
            EvaluationValue(step: step, metric: metric, value: value, identity: identity)
        }
        try run.record([
            value(1, "fid-x", 5), value(1, "inception-score-x", 2), value(2, "fid-x", 3),
            value(2, "inception-score-x", 4), value(3, "fid-x", 3), value(3, "inception-score-x", 1),
            value(3, "other", 1),
        ])
        let log = try folder.write((1...3).map { Self.line($0, seconds: Double($0)) }.joined(), to: "metrics.jsonl")
        #expect(
            RunCosts.best(among: EvaluationCurves(of: run), log: log) == [
                RunCosts.Best(metric: "fid-x", identity: identity, value: 3, step: 2, seconds: 2),
                RunCosts.Best(metric: "inception-score-x", identity: identity, value: 4, step: 2, seconds: 2),
            ])
    }

    private static func line(_ step: Int, seconds: Double) -> String {
        var line = MetricsLine(step: step)
        line.seconds = seconds
        return line.node.lineText + "\n"
    }

    private func value(_ step: Int, _ value: Double, seed: Int) -> EvaluationValue {
        EvaluationValue(
            step: step, metric: "fid-x", value: value, identity: EvaluationIdentity(["latentSeed": ConfigNode(seed)]))
    }

    @Test func costsNameTheIdentityOfTheBest() throws {
        let run = RunFolder(path: folder.path)
        try run.record([value(1, 5, seed: 0), value(2, 4, seed: 0), value(2, 1, seed: 7)])
        let log = try folder.write(Self.line(1, seconds: 10) + Self.line(2, seconds: 20), to: "metrics.jsonl")
        let best = RunCosts.best(among: EvaluationCurves(of: run), log: log)
        #expect(best.map(\.value) == [4] && best.map(\.seconds) == [20])
        #expect(best.first?.identity.node["latentSeed"]?.integer == 0)
    }

    @Test func theBestIsOfTheIdentityJustMeasured() throws {
        let run = RunFolder(path: folder.path)
        try run.record([value(1, 5, seed: 0), value(2, 4, seed: 0), value(2, 1, seed: 7), value(3, 3, seed: 7)])
        func best(_ measured: EvaluationValue) -> RunCosts.Best? {
            RunCosts.best(
                among: EvaluationCurves(of: run), measured: [measured], log: folder.path + "/metrics.jsonl"
            ).first
        }
        // Recorded already, by the identity that does not lead.
        let again = best(value(2, 4, seed: 0))
        #expect(again?.value == 4 && again?.identity.node["latentSeed"]?.integer == 0)
        // Not recorded, as of a read-only run.
        let unsaved = best(value(3, 9, seed: 8))
        #expect(unsaved?.value == 9 && unsaved?.step == 3 && unsaved?.identity.node["latentSeed"]?.integer == 8)
    }
}
