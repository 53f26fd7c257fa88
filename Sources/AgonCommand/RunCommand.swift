import AgonConfiguration
import AgonExperiments
import AgonRuns
import AgonSampling
import AgonTensors
import AgonText
import AgonTraining
import ArgumentParser
import Foundation

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Train the experiment of a config.",
        discussion: """
            The run's folder holds the resolved config, metrics, sample grids and
            checkpoints. Ctrl-C saves and stops; --resume then reaches exactly the
            weights of an uninterrupted run. If there is no run yet, --resume starts
            one and says so, and it trains a completed run no further. If the data
            have moved, --set dataset.path names their place. Losses are logged from
            the first step on; there are sample grids of the initial weights and of the
            step at which a run is stopped.

            EXAMPLES
              agon run Configs/quickstart.json
              agon run Configs/selfgan/mlp.json --set dataset.name=mnist
              agon run Configs/gas/original.json --seed 3 --out Runs/digits
              agon run Configs/hinge/facades-64.json \\
                --set dataset.name=folder --set dataset.path=Pictures/flowers
              agon run Configs/gan/dcgan.json --set samples.every=50 --set log.every=10
              agon run Runs/digits --resume
              agon run Runs/digits --resume --steps 40000
              agon run Runs/mine --resume --set dataset.path=Moved/pictures
              scripts/convert-weights weights.pt weights.safetensors
              agon run Configs/gan/dcgan.json --init weights.safetensors
              agon run Configs/gan/dcgan.json --init weights.safetensors \\
                --rename module.netG.=generator. --rename module.netD.=discriminator.
              tensorboard --logdir Runs      curves and grids of all runs, in a browser

            Documentation/own-images.md has a config of five lines for images of your own:
            networks follow their channels, and they keep their aspect ratio.

            For few images: random changes of all images that discriminators see
            (DiffAugment), of a share of them, or of a share that follows the scores, as
            in ADA; the 192 images of g-advantage with and without changes:
              agon run hinge/facades-64 --set tricks.augmentation={}
              agon run hinge/facades-64 --set tricks.augmentation.probability=0.5
              agon run hinge/facades-64 --set tricks.augmentation.target=0.6
              agon run g-advantage/augmentation
              agon run g-advantage/advantage-1

            ResNets with spectral norm; networks with classes, by conditional batch norm
            and a projection discriminator; self-attention; the relativistic average loss:
              agon run sngan/cifar10
              agon run sngan/facades-64
              agon run sngan/cifar10-conditional
              agon run hinge/by-class
              agon run sagan/cifar10
              agon run relativistic/dcgan

            Consistency of scores (bCR), R1 in every 16th update, averaged weights,
            stopping when the discriminator wins (by default a warning):
              agon run quickstart --set tricks.consistency={}
              agon run r1/dcgan --set penalty.every=16
              agon run gan/dcgan --set tricks.averaging={}
              agon run gan/dcgan --set alarms.discriminatorLossNearZero.action=stop

            All keys of configs, with what they do:
              agon schema --markdown
            """)

    @OptionGroup var config: ConfigOptions
    @Option(help: "The run's folder; default: a new one in Runs.", completion: .directory)
    var out: String?
    @Option(parsing: .unconditional, help: "Train for this many steps instead of the config's number.")
    var steps: Int?
    @OptionGroup var threads: ThreadOptions
    @Option(parsing: .unconditional, help: "Use this seed instead of the config's.")
    var seed: Int?
    @Flag(help: "Continue the run in the folder of --out, or the newest run of this config.")
    var resume = false
    @OptionGroup var changes: ChangedDataOptions
    @Option(
        name: .customLong("init"),
        help: ArgumentHelp(
            "Start from the weights in this safetensors file, with PyTorch's names and layout; a generator alone is "
                + "enough.", valueName: "file"))
    var initialWeights: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "For --init: replace the beginning OLD of names in the file by NEW. Repeatable; the first match counts.",
            valueName: "old=new"))
    var rename: [String] = []
    @Option(
        help: ArgumentHelp(
            "Take all batches and random numbers from this safetensors file (input.PHASE.NAME).", valueName: "file"))
    var inputs: String?
    @OptionGroup var data: DataOptions

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps \(steps): expected 1 or more") }
        if let bad = rename.first(where: { NamePrefix($0) == nil }) {
            throw ValidationError("--rename \(bad): expected OLD=NEW, such as module.=")
        }
        if !rename.isEmpty, initialWeights == nil { throw ValidationError("--rename is for --init") }
        if out?.isEmpty == true { throw ValidationError("--out: expected the name of a folder") }
        if let seed, seed < 0 { throw ValidationError("--seed \(seed): expected 0 or more") }
    }

    func run() throws {
        let folder = RunFolder(path: config.config)
        let isRun = folder.holdsRun
        if isRun, out == nil, SamplingModel.shipped(config.config) == nil, folder.holdsExport {
            throw RunError.exportedGenerator(folder: folder.path)
        }
        if isRun, !resume, out == nil {
            throw ValidationError("\(folder.path) already holds a run; add --resume, or give another --out")
        }
        if isRun { try folder.checkFormat() }
        if isRun, out == nil {
            try SamplingModel.requireRun(
                config.config,
                remedy: "train its config in a new run: \(CommandText.agon("run \(SamplingModel.name(folder))"))")
        } else if !isRun, resume {
            try checkName()
        }
        let path = try isRun ? folder.configPath : config.path()
        let files = [("initialWeights", "--init", initialWeights), ("recordedInputs", "--inputs", inputs)]
        var settings = files.compactMap { key, option, file in
            file.map {
                ConfigSetting(
                    path: .root.key(key), value: ConfigNode(.string($0), source: ConfigSource(file: "\(option) \($0)")))
            }
        }
        if !rename.isEmpty {
            let source = ConfigSource(file: "--rename")
            settings.append(
                ConfigSetting(
                    path: .root.key("initialNames"),
                    value: ConfigNode(.array(rename.map { ConfigNode(.string($0), source: source) }), source: source)))
        }
        let experiment: Experiment
        do {
            experiment = try Experiment.load(
                path: path, overrides: config.overrides, settings: settings, steps: steps, seed: seed)
        } catch let error as ConfigError where isRun && error.isPassing {
            // The run's own config cannot be read now; nothing is wrong with it.
            throw TrainingError.stoppedByFault(folder: folder.path, dataFolder: data.data, reason: "\(error)")
        }
        var options = TrainingOptions()
        options.folder = out ?? (isRun ? folder.path : nil)
        options.resumes = resume
        options.acceptsChangedData = changes.acceptChangedData
        options.threads = threads.count
        options.searchPath = data.searchPath
        options.configPath = path
        if resume, let note = try newRunNote(options.folder, name: experiment.configuration.name) {
            Console.say("note: \(note)")
        }
        // A closed output pipe must not end the training.
        signal(SIGPIPE, SIG_IGN)
        let display = ProgressDisplay(steps: steps, dataFolder: data.data)
        defer { display.finish() }
        let outcome = try TrainingRun.run(experiment, options: options, report: display.show)
        display.finish()
        for line in RunSummary(outcome, of: experiment).lines { display.say(line) }
        if case .stopped = outcome.state { throw ExitCode(ExitStatus.stopped.rawValue) }
    }

    /// Refuses to resume what is neither a run nor a config.
    ///
    /// Throws `RunError.nothingToResume`, `ConfigError.unknownFile` for a misspelt config.
    private func checkName() throws {
        let name = config.config
        do {
            if try config.path() == name, FileSystem.isFolder(name) { throw RunError.nothingToResume(folder: name) }
        } catch ConfigError.unknownFile(_, _, nil, _) {
            throw RunError.nothingToResume(folder: name)
        }
    }

    /// A note on why there is no checkpoint to resume from; nil if there is one.
    private func newRunNote(_ path: String?, name: String) throws -> String? {
        guard let folder = try path.map({ RunFolder(path: $0) }) ?? RunFolder.newest(named: name), folder.holdsRun
        else {
            let place = path.map { "in \($0)" } ?? "of '\(name)' in Runs"
            return "nothing to resume: no run \(place) yet; starting a new one"
        }
        guard try folder.checkpointSteps.isEmpty, folder.record?.checkpoint == nil else { return nil }
        return "nothing to resume: \(folder.path) has no checkpoint yet; starting at step 1"
    }
}
