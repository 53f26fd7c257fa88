import AgonDatasets
import AgonSampling
import AgonText
import ArgumentParser

struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Generate samples with the generator of a run.",
        discussion: """
            Uses the newest checkpoint, or that of --checkpoint. A seed's samples
            are numbered from 1, and do not depend on --count.

            Latent vectors of samples can be named and combined: an expression is
            made of names, #NUMBER for a sample of the seed, numbers, + - * / and
            parentheses, and mean(a, b, ...). The mean of about three samples that
            share an attribute represents it better than one sample.

            EXAMPLES
              agon sample Runs/selfgan-mlp --count 64 --seed 1 --out samples.png
              agon sample Runs/selfgan-mlp --count 1 --seed 5 --out one.png
              agon sample Runs/selfgan-mlp --count 80 --interpolate --out walk.png
              agon sample Runs/digits --label 3 --out threes.png

            View, pick and name; files go to Runs/selfgan-mlp/latents:
              agon sample Runs/selfgan-mlp --seed 1 --numbered --out samples.png
              agon sample Runs/selfgan-mlp --seed 1 --pick 3,7,12 --out three.png
              agon sample Runs/selfgan-mlp --seed 1 --save king=3+7+12,man=5

            Combine, and interpolate from one to the other:
              agon sample Runs/selfgan-mlp --expression "king - man + woman" \\
                --expression "king + 0.5 * (#4 - man)" --out sum.png
              agon sample Runs/selfgan-mlp --from king --to "mean(man, #9)" \\
                --count 10 --out way.png
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
    var folder: String
    @Option(help: "Number of samples; default: 64.")
    var count: Int?
    @Option(help: "Seed of the latent vectors.")
    var seed = 0
    @Option(help: "The image to write, a PNG.", completion: .file(extensions: ["png"]))
    var out: String?
    @Flag(help: "Interpolate along a great circle between two latent vectors in each row.")
    var interpolate = false
    // Expressions may start with a minus.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Interpolate all samples along a great circle that starts here.", valueName: "expression"))
    var from: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("Where it ends.", valueName: "expression"))
    var to: String?
    @Flag(help: "Draw each sample's number, for --pick, --save and #NUMBER.")
    var numbered = false
    @Option(help: ArgumentHelp("Only the seed's samples with these numbers.", valueName: "number,..."))
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
        help: ArgumentHelp("Generate the sample of an expression; repeatable.", valueName: "expression"))
    var expression: [String] = []
    @Option(help: "The class of all samples, from 0; default: the classes in turn.")
    var label: Int?
    @Option(help: "Samples per row.")
    var columns: Int?
    @Option(help: ArgumentHelp("Use the checkpoint of this step.", valueName: "step"))
    var checkpoint: Int?
    @Option(help: "For runs whose generator takes images: the split of input samples, train, test or validation.")
    var split: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if let count, !(1...100_000).contains(count) {
            throw ValidationError("--count \(count): expected a number from 1 to 100000")
        }
        if seed < 0 { throw ValidationError("--seed \(seed): expected 0 or more") }
        if let columns, !(1...100_000).contains(columns) {
            throw ValidationError("--columns \(columns): expected 1 or more")
        }
        if replace, save.isEmpty { throw ValidationError("--replace is for --save") }
        if (from == nil) != (to == nil) { throw ValidationError("--from and --to go together") }
        let ways = [
            (pick != nil, "--pick"), (interpolate || from != nil, from == nil ? "--interpolate" : "--from"),
            (!expression.isEmpty, "--expression"),
        ].filter(\.0).map(\.1)
        if ways.count > 1 { throw ValidationError("\(ways.joined(separator: " and ")) exclude each other") }
        if let way = ways.first {
            if out == nil { throw ValidationError("\(way) needs --out") }
            if count != nil, pick != nil || !expression.isEmpty {
                throw ValidationError("--count does not go with \(way), which sets the number of samples")
            }
            if numbered, pick == nil {
                throw ValidationError("--numbered does not go with \(way), whose samples have no numbers")
            }
        }
        if out == nil, save.isEmpty { throw ValidationError("nothing to do: give --out an image, or --save a name") }
    }

    func run() throws {
        if try Sampling.startsFromDataset(run: folder) { return try drawFromDataset() }
        let assignments = try save.isEmpty ? [] : LatentAssignment.parse(save.joined(separator: ","))
        let choice = try choice()
        let sampling = try Sampling(run: folder, checkpoint: checkpoint) { print("note: \($0)") }
        if !assignments.isEmpty {
            let paths = try sampling.save(assignments, seed: UInt64(seed), replacing: replace)
            for (path, assignment) in zip(paths, assignments) { print("\(path): \(assignment) of seed \(seed)") }
        }
        if let out {
            let outcome = try sampling.write(
                choice, seed: UInt64(seed), columns: columns, isNumbered: numbered, label: label,
                threads: threads.count, to: out)
            print("\(outcome.path): \(CountText.short(outcome.count, "sample")) of step \(outcome.step)")
        }
    }

    /// For runs that translate images, or generate samples for embeddings.
    private func drawFromDataset() throws {
        guard let out else { throw ValidationError("nothing to do: give --out an image") }
        let isPlain = pick == nil && from == nil && expression.isEmpty && save.isEmpty && !interpolate && label == nil
        guard isPlain, !numbered else {
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
            run: folder, checkpoint: checkpoint, split: chosen, count: count ?? 16, seed: UInt64(seed),
            searchPath: data.searchPath, threads: threads.count, to: out
        ) { print("note: \($0)") }
        print("\(outcome.path): \(CountText.short(outcome.count, "sample")) of step \(outcome.step)")
    }

    private func choice() throws -> Sampling.Choice {
        if let pick { return .picked(try LatentAssignment.parseSamples(pick)) }
        if let from, let to { return .path(from: from, to: to, count: count ?? 64) }
        if !expression.isEmpty { return .expressions(expression) }
        return interpolate ? .rows(count ?? 64) : .first(count ?? 64)
    }
}
