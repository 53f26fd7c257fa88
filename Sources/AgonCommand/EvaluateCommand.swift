import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonSampling
import AgonScoring
import AgonTraining
import ArgumentParser
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluate the generators of runs with metrics, and list the runs' costs.",
        discussion: """
            Metrics: fid (Fréchet distance of a classifier's features), kid,
            inception-score, prdc (precision, recall, density, coverage), ms-ssim,
            modes. Without --metrics, those of the run's config, or all that suit its
            data; where no classifier was trained on the data, those that need none, and
            a note names what --classifier would add. Values are appended to the run's
            evaluations.jsonl with everything they depend on; the table marks those that
            are not comparable. A second table lists costs: FLOPs, memory, time, and
            time to the best value.
            A run that cannot be evaluated is reported, and the others continue. Ctrl-C
            ends after the run that is being measured, a second one at once.
            A run whose data have no test split is compared with its training samples,
            and a line says so. A model that comes with Agon (agon models) is measured
            like a run, but its values are only printed.

            --images measures a folder of images that no run made, or an archive of it
            (.zip, .tar), against a dataset, another folder, or statistics in
            pytorch-fid's format (mu and sigma in a .npz file): two folders of images
            are compared as by pytorch-fid. A dataset's images are resized to the size
            of those in the folder, as the config of a run resizes them; a note says so.
            They are test images or, where there are none, training images. Metrics for
            which there are too few images, or no classifier, are left out with a note,
            unless --metrics names them.

            EXAMPLES
              agon evaluate Runs/gan-mlp Runs/selfgan-mlp
              agon evaluate Runs/gan-mlp --metrics fid,kid --samples 10000
              agon evaluate Runs/gan-mlp --checkpoint 19000 --json
              agon evaluate Runs/gan-mlp --checkpoint best --samples 10000
              agon evaluate quickstart
              agon evaluate digits --classifier lenet-mnist --split train
              agon sample quickstart --count 10000 --out made/
              agon evaluate --images made/ --against fashion-mnist
              agon evaluate --images made/ --against photographs/ --metrics fid,kid \\
                --classifier inception.safetensors --statistics photographs.npz
              agon evaluate --images made/ --against photographs.npz \\
                --classifier inception.safetensors
            """)

    @Argument(help: ArgumentHelp("The folders of runs, or names of models.", valueName: "run"), completion: .directory)
    var folders: [String] = []
    @Option(help: "Measure the images in this folder or archive instead of runs.", completion: .directory)
    var images: String?
    @Option(
        help: ArgumentHelp(
            "Compare --images with this: a dataset's name, a folder, or a .npz file of statistics.",
            valueName: "dataset|folder|file"))
    var against: String?
    @Option(
        help: ArgumentHelp(
            "Write the statistics of --against to this file, in pytorch-fid's format.", valueName: "file"))
    var statistics: String?
    @Option(help: ArgumentHelp("The metrics to measure.", valueName: "metric,..."))
    var metrics: String?
    @Option(parsing: .unconditional, help: "The number of generated samples.")
    var samples: Int?
    @Option(parsing: .unconditional, help: "The maximum number of real samples.")
    var realSamples: Int?
    @Option(help: "The split of real samples to compare with: train, test or validation.")
    var split: String?
    @Option(
        help: ArgumentHelp(
            "The classifier whose features are compared: its name, its config, or a .safetensors file of InceptionV3; "
                + "default: the classifier of the dataset."))
    var classifier: String?
    @Option(help: "The generator's weights: average (if the run has averages) or raw.")
    var weights: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Compute batch-norm statistics from this many batches of samples instead of using those of training.",
            valueName: "batches"))
    var standingStatistics: Int?
    @Option(parsing: .unconditional, help: "The seed of the latent vectors.")
    var seed: Int?
    @Option(parsing: .unconditional, help: CheckpointChoice.help)
    var checkpoint: CheckpointChoice?
    @Flag(help: "Print JSON: values with their identities, and costs.")
    var json = false
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        for folder in folders { try requireName(folder, "run", example: "Runs/quickstart") }
        if images == nil {
            for (option, value) in [("--against", against), ("--statistics", statistics)] where value != nil {
                throw ValidationError("\(option) is for --images")
            }
            if folders.isEmpty { throw ValidationError("give a run's folder, or --images with a folder") }
        } else {
            if !folders.isEmpty { throw ValidationError("--images does not measure runs; leave \(folders[0]) out") }
            if against == nil { throw ValidationError("--images needs --against, a dataset or a folder") }
            for (option, isGiven) in [
                ("--weights", weights != nil), ("--standing-statistics", standingStatistics != nil),
                ("--checkpoint", checkpoint != nil),
            ] where isGiven {
                throw ValidationError("\(option) is for runs, not for --images")
            }
            switch against.map(ImageEvaluation.Reference.init) {
            case .folder where split != nil:
                throw ValidationError("--split is for a dataset, not for a folder of images")
            case .statistics where split != nil: throw ValidationError("--split is for a dataset, not for statistics")
            case .statistics where realSamples != nil:
                throw ValidationError("--real-samples is for images, not for statistics")
            default: break
            }
        }
        if let statistics, !statistics.lowercased().hasSuffix(".npz") {
            throw ValidationError("--statistics \(statistics): expected a file that ends in .npz")
        }
        for name in metricNames ?? [] where EvaluationMetric(rawValue: name) == nil {
            let near =
                EvaluationMetric.giving(name)?.rawValue
                ?? nearestName(to: name, in: EvaluationMetric.allCases.map(\.rawValue))
            let known = EvaluationMetric.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(
                "--metrics \(metrics ?? ""): "
                    + (name.isEmpty
                        ? "a name is empty; there are \(known)"
                        : "no metric '\(name)'; " + (near.map { "did you mean '\($0)'?" } ?? "there are \(known)")))
        }
        let settings: EvaluationSettings
        do {
            settings = try ConfigReader.decode(EvaluationSettings.self, from: self.settings).value
        } catch let error as ConfigError {
            throw ValidationError("\(error)")
        }
        guard case .named(let name) = settings.classifier else { return }
        do {
            _ = try ClassifierCatalogue.standard().recipe(name)
        } catch let error as ClassifierError {
            throw ValidationError("--classifier \(name): \(error)")
        } catch {
            // The name is right; an error in the file is reported when it is used.
        }
    }

    func run() throws {
        if let images, let against { return try measure(images: images, against: against) }
        let evaluation = try RunEvaluation(
            settings: settings, searchPath: data.searchPath, threads: threads.count)
        var outcomes: [RunEvaluation.Outcome] = []
        var code: Int32?
        StopRequest.signals.listening {
            for (index, folder) in folders.enumerated() {
                guard !StopRequest.signals.isMade else {
                    noteUnmeasured(folders[index...])
                    code = ExitStatus.stopped.rawValue
                    return
                }
                do {
                    let run = try SamplingModel.existingRun(folder)
                    // Progress is not part of the result.
                    let outcome = try evaluation.evaluate(
                        run: run, checkpoint: checkpoint?.step(in: run), records: SamplingModel.shipped(folder) == nil
                    ) {
                        Console.say("note: \($0)")
                    }
                    outcomes.append(outcome)
                } catch {
                    Console.say("agon: error: \(error)")
                    let own = ExitStatus.code(of: error)
                    code = code ?? own
                    if own == ExitStatus.stopped.rawValue { return noteUnmeasured(folders[(index + 1)...]) }
                }
            }
        }
        if json {
            print(ConfigNode(["runs": ConfigNode(outcomes.map(\.node))]).prettyText, terminator: "")
        } else if !outcomes.isEmpty {
            print(EvaluationTable(outcomes).text)
            print("\n" + CostTable(outcomes).text)
        }
        if let code { throw ExitCode(code) }
    }

    private func noteUnmeasured(_ folders: ArraySlice<String>) {
        guard !folders.isEmpty else { return }
        Console.say("note: stopped; not measured: \(folders.joined(separator: ", "))")
    }

    private func measure(images: String, against: String) throws {
        let settings = try ConfigReader.decode(EvaluationSettings.self, from: settings).value
        var evaluation = ImageEvaluation(
            images: images, against: ImageEvaluation.Reference(against), searchPath: data.searchPath,
            threads: threads.count)
        evaluation.metrics = settings.metrics.isEmpty ? nil : settings.metrics
        evaluation.samples = samples
        evaluation.realSamples = realSamples
        evaluation.split = split == nil ? nil : settings.split
        evaluation.classifier = settings.classifier
        evaluation.seed = settings.seed
        evaluation.statisticsPath = statistics
        let values = try evaluation.measure { Console.say("note: \($0)") }
        if json {
            let nodes = values.map { value in
                ["metric": ConfigNode(value.metric), "value": ConfigNode(value.value), "identity": value.identity.node]
                    as ConfigNode
            }
            print(ConfigNode(["images": ConfigNode(images), "values": ConfigNode(nodes)]).prettyText, terminator: "")
            return
        }
        print(EvaluationTable([(name: images, values: values)]).text)
        var described: Set<EvaluationIdentity> = []
        for value in values where described.insert(value.identity).inserted {
            print("\(value.metric): \(value.identity.text)")
        }
    }

    /// The names given with `--metrics`. Scripts may still say `fcd`, the former name of `fid`.
    private var metricNames: [String]? {
        metrics?.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .map { $0 == "fcd" ? EvaluationMetric.frechet.rawValue : $0 }
    }

    /// The keys of `evaluate` that the options set.
    private var settings: ConfigNode {
        var object = ConfigObject()
        func set(_ key: String, _ option: String, _ value: ConfigNode?) {
            guard var value else { return }
            value.source = ConfigSource(file: "--\(option)")
            if case .array(let elements) = value.content {
                value.content = .array(elements.map { ConfigNode($0.content, source: value.source) })
            }
            object.set(key, value, keySource: value.source)
        }
        set("metrics", "metrics", metricNames.map { ConfigNode($0.map { ConfigNode($0) }) })
        set("samples", "samples", samples.map { ConfigNode($0) })
        // The mode count uses the requested number of samples.
        set("modeSamples", "samples", samples.map { ConfigNode($0) })
        set("realSamples", "real-samples", realSamples.map { ConfigNode($0) })
        set("split", "split", split.map { ConfigNode($0) })
        set("classifier", "classifier", classifier.map { ConfigNode($0) })
        set("weights", "weights", weights.map { ConfigNode($0) })
        set("standingStatistics", "standing-statistics", standingStatistics.map { ConfigNode($0) })
        set("seed", "seed", seed.map { ConfigNode($0) })
        return ConfigNode(object)
    }
}
