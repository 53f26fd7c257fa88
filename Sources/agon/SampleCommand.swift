import ArgumentParser
import Experiments

struct SampleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample", abstract: "Draw new samples from the generator of a run.",
        discussion: """
            The newest checkpoint is used, or that of --checkpoint. A seed's first
            samples are the same whatever the count.

            EXAMPLES
              agon sample Runs/selfgan-mlp --count 64 --seed 1 --out samples.png
              agon sample Runs/selfgan-mlp --count 1 --seed 5 --out one.png
              agon sample Runs/selfgan-mlp --count 80 --interpolate --out walk.png
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run"), completion: .directory)
    var folder: String
    @Option(help: "How many samples.")
    var count = 64
    @Option(help: "Seed of the latent vectors.")
    var seed = 0
    @Option(help: "The picture to write, a PNG.", completion: .file(extensions: ["png"]))
    var out: String
    @Flag(help: "Let each row lead from one latent vector to another along a great circle.")
    var interpolate = false
    @Option(help: "Samples in a row.")
    var columns: Int?
    @Option(help: ArgumentHelp("Use the checkpoint of this step.", valueName: "step"))
    var checkpoint: Int?
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if !(1...100_000).contains(count) {
            throw ValidationError("--count \(count): expected a number from 1 to 100000")
        }
        if seed < 0 { throw ValidationError("--seed \(seed): expected 0 or more") }
        if let columns, !(1...100_000).contains(columns) {
            throw ValidationError("--columns \(columns): expected 1 or more")
        }
    }

    func run() throws {
        let sampling = try Sampling(run: folder, checkpoint: checkpoint) { print("note: \($0)") }
        let outcome = try sampling.write(
            count: count, seed: UInt64(seed), columns: columns, interpolates: interpolate, threads: threads.count,
            to: out)
        print("\(outcome.path): \(outcome.count) samples of step \(outcome.step)")
    }
}
