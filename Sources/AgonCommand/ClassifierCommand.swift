import AgonDatasets
import AgonScoring
import AgonText
import AgonTraining
import ArgumentParser
import Foundation

struct ClassifierCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classifier", abstract: "Train the classifiers that metrics use as feature extractors.",
        discussion: """
            A classifier that a config needs is trained on first use; its weights are
            kept in the folder that AGON_CACHE names, or in ~/.cache/agon.

            EXAMPLES
              agon classifier train lenet-mnist
              agon classifier train Configs/classifiers/resnet18-cifar10.json
              agon classifier list
              agon classifier distances lenet-mnist
            """,
        subcommands: [Train.self, List.self, Distances.self, Schema.self])

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Train a classifier unless it is already trained.",
            discussion: """
                Interrupted training resumes when the command is repeated, and reaches
                exactly the same weights.

                EXAMPLES
                  agon classifier train lenet-mnist
                  agon classifier train Configs/classifiers/lenet-mnist.json --set seed=1
                """)

        @Argument(help: "The name of a classifier, or its config.", completion: .file(extensions: ["json"]))
        var config: String
        @Option(
            name: .customLong("set"), parsing: .singleValue,
            help: ArgumentHelp("Set one value of the config; repeatable.", valueName: "path=value"))
        var overrides: [String] = []
        @OptionGroup var threads: ThreadOptions
        @OptionGroup var data: DataOptions

        func run() throws {
            let catalogue = ClassifierCatalogue.standard()
            let recipe = try catalogue.recipe(config, overrides: overrides)
            let display = LiveLine()
            let clock = ContinuousClock()
            let start = clock.now
            let isTrained = try catalogue.weights(of: recipe, searchPath: data.searchPath) != nil
            let weights = try catalogue.train(
                recipe, searchPath: data.searchPath, threads: threads.count, report: display.show, note: display.say)
            display.finish()
            let seconds = Double((clock.now - start).components.seconds)
            print(
                isTrained
                    ? "\(recipe.name): already trained; a different config or seed is stored in a separate file"
                    : "\(recipe.name): \(CountText.short(weights.steps, "step")), \(DurationText.short(seconds))")
            print(ClassifierCommand.line(weights))
            print("weights: \(weights.path)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the classifiers and whether they are trained.",
            discussion: """
                EXAMPLES
                  agon classifier list
                """)

        func run() throws {
            let catalogue = ClassifierCatalogue.standard()
            for name in catalogue.names {
                let recipe = try catalogue.recipe(name)
                let title = name.padding(toLength: max(name.count + 2, 24), withPad: " ", startingAt: 0)
                guard let weights = try catalogue.weights(of: recipe, searchPath: .standard()) else {
                    print("\(title)not trained yet; train it with: \(CommandText.agon("classifier train \(name)"))")
                    continue
                }
                print("\(title)\(ClassifierCommand.line(weights))\n\(String(repeating: " ", count: 24))\(weights.path)")
            }
        }
    }

    struct Distances: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure the distances between training and test samples, a lower bound for generators.",
            discussion: """
                EXAMPLES
                  agon classifier distances lenet-mnist
                  agon classifier distances lenet-mnist --samples 1000
                """)

        @Argument(help: "The name of a classifier, or its config.", completion: .file(extensions: ["json"]))
        var config: String
        @Option(parsing: .unconditional, help: "The maximum number of samples of each split.")
        var samples = 10_000
        @OptionGroup var threads: ThreadOptions
        @OptionGroup var data: DataOptions

        func validate() throws {
            guard samples > 1 else { throw ValidationError("--samples must be at least 2, is \(samples)") }
        }

        func run() throws {
            let catalogue = ClassifierCatalogue.standard()
            let distances = try RealDistances.measure(
                catalogue.recipe(config), samples: samples, searchPath: data.searchPath, catalogue: catalogue,
                threads: threads.count, note: LiveLine().say)
            for distance in distances {
                print(
                    "\(distance.name)  \(NumberText.brief(distance.value, digits: 6))  of \(distance.trainingSamples) training "
                        + "to \(distance.testSamples) test samples")
            }
        }
    }

    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the JSON Schema of classifiers' configs.",
            discussion: """
                EXAMPLES
                  agon classifier schema > Configs/classifiers/schema.json
                """)

        func run() throws { print(try ClassifierConfiguration.schema().prettyText, terminator: "") }
    }

    fileprivate static func line(_ weights: ClassifierWeights) -> String {
        "accuracy: \(NumberText.percent(weights.accuracy)) of \(weights.testSamples) test samples, "
            + "hash \(weights.hash.prefix(12))"
    }
}

extension LiveLine {
    /// Shows a classifier's training progress: a live line on a terminal, plain lines elsewhere.
    func show(_ progress: TrainingProgress) {
        let parts =
            progress.classifierParts + ["\(NumberText.fixed(progress.imagesPerSecond, decimals: 0)) images/s"]
        let timeLeft = "\(DurationText.short(progress.secondsLeft)) left"
        if isTerminal {
            draw(parts[0], timeLeft: timeLeft, others: Array(parts.dropFirst()))
        } else {
            say((parts + [timeLeft]).joined(separator: ", "))
        }
    }
}
