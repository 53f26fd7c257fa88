import AgonDatasets
import AgonExperiments
import AgonSampling
import AgonScoring
import AgonText
import ArgumentParser
import Foundation

struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Generate samples with the generator of a run.",
        discussion: """
            Uses the newest checkpoint, or that of --checkpoint. A seed's samples
            are numbered from 1, and do not depend on --count.

            --out FILE.png writes one image with all samples, --out DIR/ an image per
            sample at its native size, --out FILE.npy an array: [samples, height,
            width, channels], black -1 and white 1. Without --out, samples go to
            NAME-samples.png in the working folder, by the run's or model's name, picked
            ones to NAME-pick.png, and so on; --save alone writes no image. A grid
            enlarges small samples by a whole factor, which is printed; --scale 1 keeps
            their size. Where samples take classes in turn, each of up to 32 classes has
            a column, and a grid takes more samples than --count if its last row has
            room for them; --columns sets the columns, and the count stays.

            Latent vectors of samples can be named and combined: an expression is
            made of names, #NUMBER for a sample of the seed, numbers, + - * / and
            parentheses, and mean(a, b, ...). The mean of about three samples that
            share an attribute represents it better than one sample.

            EXAMPLES
              agon sample quickstart --count 64
              agon sample digits --count 40 --columns 8 --out digits.png
              agon sample Runs/selfgan-mlp --count 64 --seed 1 --out samples.png
              agon sample Runs/selfgan-mlp --count 1 --seed 5 --out one.png
              agon sample Runs/selfgan-mlp --count 80 --interpolate --out walk.png
              agon sample digits-by-class --label 3 --out threes.png
              agon sample digits-by-class --count 60 --out classes.png
              agon sample Runs/digits --count 1000 --out samples/
              agon sample Runs/digits --count 1000 --out samples.npy
              agon sample Runs/digits --scale 1 --out native.png
              agon sample Runs/digits --weights raw --out raw.png
              agon sample Runs/digits --truncation 0.7 --out better.png
              agon sample Runs/digits --standing-statistics 100 --out standing.png

            Training as an animation, a walk in latent space, and the training images
            nearest to samples: is it copying?
              agon sample Runs/digits --animate training.gif
              agon sample Runs/digits --animate walk.png --interpolate --count 16
              agon sample Runs/digits --neighbours 4 --count 8 --out near.png
              agon sample Runs/digits --neighbours 4 --classifier lenet-mnist \\
                --out near.png

            View, pick and name; files go to Runs/selfgan-mlp/latents:
              agon sample Runs/selfgan-mlp --seed 1 --numbered --out samples.png
              agon sample Runs/selfgan-mlp --seed 1 --pick 3,7,12 --out three.png
              agon sample Runs/selfgan-mlp --seed 1 --save king=3+7,man=5,woman=9

            Combine, and interpolate from one to the other:
              agon sample Runs/selfgan-mlp --expression "king - man + woman" \\
                --expression "king + 0.5 * (#4 - man)" --out sum.png
              agon sample Runs/selfgan-mlp --from king --to "mean(man, #9)" \\
                --count 10 --out way.png
            """)

    @Argument(
        help: ArgumentHelp("The folder of a run, or the name of a model (agon models).", valueName: "run"),
        completion: .directory)
    var source: String
    @Option(parsing: .unconditional, help: "The number of samples; default: 64.")
    var count: Int?
    @Option(parsing: .unconditional, help: "The seed of the latent vectors; default: 0.")
    var seed: Int?
    @Option(
        help: ArgumentHelp(
            "What to write: an image, an array, or a folder of images; default: NAME-samples.png.",
            valueName: "png|npy|folder/"),
        completion: .file())
    var out: String?
    @Option(help: "The generator's weights: average (default, if the run has averages) or raw.")
    var weights: EvaluationSettings.Weights?
    @Option(parsing: .unconditional, help: "Enlarge each sample by this whole factor; default: to about 64 pixels.")
    var scale: Int?
    @Option(
        help: ArgumentHelp(
            "Write the run's grids in the order of training as an APNG or GIF; with --interpolate, a walk.",
            valueName: "png|gif"))
    var animate: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Show each sample beside this many of the nearest training images.", valueName: "number"))
    var neighbours: Int?
    @Option(help: "For --neighbours: compare the features of this classifier; default: pixels.")
    var classifier: String?
    @Flag(help: "Interpolate along a great circle between two latent vectors in each row.")
    var interpolate = false
    // Expressions may start with a minus.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Interpolate between two latent vectors along a great circle: the first one. Needs --to.",
            valueName: "expression"))
    var from: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The latent vector at which the interpolation of --from ends.", valueName: "expression"))
    var to: String?
    @Flag(help: "Draw each sample's number, for --pick, --save and #NUMBER.")
    var numbered = false
    @Option(help: ArgumentHelp("Draw only the samples with these numbers.", valueName: "number,..."))
    var pick: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Name the latent vector of a sample, or the mean of several.", valueName: "name=number+...,..."))
    var save: [String] = []
    @Flag(help: "Let --save replace an existing name.")
    var replace = false
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Generate the sample of this expression; repeatable.", valueName: "expression"))
    var expression: [String] = []
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Generate only samples of this class, by its name or its number from 0; default: all classes in turn.",
            valueName: "class"))
    var label: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Truncate the normal distribution of the latents at this bound: below 1, samples are better and more alike.",
            valueName: "number"))
    var truncation: Double?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Compute batch-norm statistics from this many batches of samples instead of using those of training.",
            valueName: "batches"))
    var standingStatistics: Int?
    @Option(parsing: .unconditional, help: "For a grid, and for --interpolate: the number of samples per row.")
    var columns: Int?
    @Option(parsing: .unconditional, help: CheckpointChoice.help)
    var checkpoint: CheckpointChoice?
    @Option(help: "For a generator that translates images: the split of the input images: train, test or validation.")
    var split: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var threads: ThreadOptions

    private var folder: String { SamplingModel.run(source) }

    /// Where samples go; nil where latents are only saved.
    private var target: String? {
        if let out { return out }
        guard save.isEmpty || !ways.isEmpty else { return nil }
        // Samples that are picked from a numbered grid must not replace it.
        let what = ways.first?.dropFirst(2) ?? "samples"
        return URL(fileURLWithPath: source).standardizedFileURL.lastPathComponent + "-\(what).png"
    }

    /// The options that choose latents or the form of the image.
    private var ways: [String] {
        [
            (pick != nil, "--pick"), (interpolate, "--interpolate"), (from != nil, "--from"),
            (!expression.isEmpty, "--expression"), (neighbours != nil, "--neighbours"),
        ].filter(\.0).map(\.1)
    }

    func validate() throws {
        try requireName(source, "run", example: "Runs/quickstart")
        if folder != source, !save.isEmpty {
            throw ValidationError(
                "--save writes into the run's folder, and \(source) comes with Agon; copy it first: "
                    + CommandText.shell("cp -r \(folder) ."))
        }
        try check("--count", count, in: 1...100_000)
        if let seed, seed < 0 { throw ValidationError("--seed \(seed): expected 0 or more") }
        try check("--columns", columns, in: 1...100_000, "1 or more")
        try check("--scale", scale, in: 1...64)
        if let truncation, !(truncation > 0 && truncation <= 100) {
            throw ValidationError("--truncation \(truncation): expected a number above 0, up to 100")
        }
        try check("--standing-statistics", standingStatistics, in: EvaluationSettings.standingBatches)
        try check("--neighbours", neighbours, in: 1...64)
        if classifier != nil, neighbours == nil { throw ValidationError("--classifier is for --neighbours") }
        if replace, save.isEmpty { throw ValidationError("--replace is for --save") }
        if (from == nil) != (to == nil) { throw ValidationError("--from and --to must be given together") }
        if animate == nil, target == nil {
            try refuse(
                [
                    ("--count", count != nil), ("--columns", columns != nil), ("--scale", scale != nil),
                    ("--numbered", numbered), ("--label", label != nil), ("--truncation", truncation != nil),
                    ("--standing-statistics", standingStatistics != nil),
                ], with: "--save without --out")
        }
        if ways.count > 1 { throw ValidationError("\(ways.inWords) cannot be combined") }
        if animate != nil {
            if out != nil { throw ValidationError("--animate and --out cannot be combined") }
            if let way = ways.first, way != "--interpolate" {
                throw ValidationError("--animate does not go with \(way)")
            }
            if standingStatistics != nil, !interpolate {
                throw ValidationError("--standing-statistics is for --animate with --interpolate")
            }
            if count != nil, !interpolate { throw ValidationError("--count is for --animate with --interpolate") }
            if !interpolate {
                try refuse(
                    [
                        ("--label", label != nil), ("--checkpoint", checkpoint != nil), ("--seed", seed != nil),
                        ("--weights", weights != nil), ("--split", split != nil),
                    ], with: "--animate without --interpolate")
            }
            try refuse(
                [
                    ("--columns", columns != nil), ("--scale", scale != nil), ("--numbered", numbered),
                    ("--truncation", truncation != nil), ("--save", !save.isEmpty),
                ], with: "--animate")
            return
        }
        if let way = ways.first {
            if count != nil, pick != nil || !expression.isEmpty {
                throw ValidationError("--count does not go with \(way), which sets the number of samples")
            }
            if numbered, pick == nil {
                throw ValidationError("--numbered does not go with \(way), whose samples have no numbers")
            }
            if neighbours != nil {
                try refuse(
                    [
                        ("--columns", columns != nil), ("--scale", scale != nil), ("--label", label != nil),
                        ("--truncation", truncation != nil), ("--save", !save.isEmpty),
                    ], with: way)
            }
        }
    }

    private func refuse(_ options: [(name: String, isGiven: Bool)], with way: String) throws {
        for option in options where option.isGiven {
            throw ValidationError("\(option.name) does not go with \(way)")
        }
    }

    func run() throws {
        let folder = try SamplingModel.existingRun(source)
        if let animate, !interpolate {
            let frames = try Animation.writeTraining(run: folder, to: animate) { print("note: \($0)") }
            print("\(animate): \(CountText.short(frames, "frame"))")
            return
        }
        if try Sampling.startsFromDataset(run: folder) { return try drawFromDataset() }
        if split != nil { throw ValidationError("--split is for generators that take samples of a dataset") }
        let assignments = try save.isEmpty ? [] : LatentAssignment.parse(save.joined(separator: ","))
        let choice = try choice()
        let sampling = try Sampling(
            run: folder, checkpoint: checkpoint?.step(in: folder), weights: weights,
            standingStatistics: standingStatistics, threads: threads.count
        ) { print("note: \($0)") }
        let label = try label.map { try sampling.label($0, searchPath: data.searchPath) { print("note: \($0)") } }
        if let animate {
            let frames = try Animation.writeWalk(
                sampling, count: count ?? 16, seed: UInt64(seed ?? 0), label: label, threads: threads.count, to: animate
            )
            print("\(animate): \(CountText.short(frames, "frame"))")
            return
        }
        if let neighbours, let target { return try drawNeighbours(neighbours, sampling, to: target) }
        if !assignments.isEmpty {
            let paths = try sampling.save(assignments, seed: UInt64(seed ?? 0), replacing: replace)
            for (path, assignment) in zip(paths, assignments) { print("\(path): \(assignment) of seed \(seed ?? 0)") }
        }
        if let target {
            let outcome = try sampling.write(
                choice, seed: UInt64(seed ?? 0), columns: columns, scale: scale, isNumbered: numbered, label: label,
                truncation: truncation, threads: threads.count, to: target)
            print(text(of: outcome))
        }
    }

    /// For runs that translate images, or generate samples for embeddings.
    private func drawFromDataset() throws {
        let isPlain =
            ways.isEmpty && animate == nil && columns == nil && scale == nil && truncation == nil && save.isEmpty
            && label == nil && standingStatistics == nil
        guard isPlain, !numbered, let target else {
            throw ValidationError("this run's generator takes samples of its dataset; use --count, --split and --seed")
        }
        var chosen: DatasetSplit?
        if let split {
            guard let known = DatasetSplit(rawValue: split) else {
                throw ValidationError("--split \(split): expected train, test or validation")
            }
            chosen = known
        }
        let outcome = try Sampling.writeFromDataset(
            run: folder, checkpoint: checkpoint?.step(in: folder), weights: weights, split: chosen,
            count: count ?? 16,
            seed: UInt64(seed ?? 0),
            searchPath: data.searchPath, threads: threads.count, to: target
        ) { print("note: \($0)") }
        print(text(of: outcome))
    }

    private func text(of outcome: Sampling.Outcome) -> String {
        "\(outcome.path): \(CountText.short(outcome.count, "sample")) of step \(outcome.step)"
            + (outcome.added > 0 ? ", \(outcome.added) of them to fill the last row" : "")
            + (outcome.scale > 1 ? ", each enlarged \(outcome.scale) times" : "")
    }

    private func drawNeighbours(_ neighbours: Int, _ sampling: Sampling, to out: String) throws {
        let nearest = NearestImages(
            run: folder, sampling: sampling, searchPath: data.searchPath, threads: threads.count)
        let outcome = try nearest.write(
            count: count ?? 8, neighbours: neighbours, seed: UInt64(seed ?? 0), classifier: classifier, to: out
        ) { print("note: \($0)") }
        print(
            "\(out): \(CountText.short(outcome.samples, "sample")) of step \(outcome.step), each before its nearest of "
                + "\(CountText.short(outcome.trainingImages, "training image"))")
        func text(_ distance: Double) -> String { NumberText.brief(distance, digits: 3) }
        let unit = outcome.classifier.map { "by features of \($0)" } ?? "in levels of 0 to 255"
        print(
            "nearest training image (median, \(unit)): \(text(outcome.sampleDistance)) from a sample, "
                + "\(text(outcome.trainingDistance)) from another training image; copies would be much closer")
    }

    private func choice() throws -> Sampling.Choice {
        if let pick { return .picked(try LatentAssignment.parseSamples(pick)) }
        if let from, let to { return .path(from: from, to: to, count: count ?? 64) }
        if !expression.isEmpty { return .expressions(expression) }
        return interpolate ? .rows(count ?? 64) : .first(count ?? 64)
    }
}

extension EvaluationSettings.Weights: ExpressibleByArgument {}

extension [String] {
    /// `a, b and c`
    fileprivate var inWords: String {
        guard count > 1, let last else { return joined() }
        return dropLast().joined(separator: ", ") + " and " + last
    }
}
