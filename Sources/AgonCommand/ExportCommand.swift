import AgonExperiments
import AgonExport
import AgonSampling
import AgonText
import ArgumentParser

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write the generator of a run, or a classifier, as an ONNX model.",
        discussion: """
            --model writes a folder with the generator alone. agon sample, agon
            evaluate and agon export take it like the run. Its run.json states the
            step of the checkpoint.

            A generator reads 'latent' [batch, size] (and 'condition' [batch,
            classes], one-hot, if samples have classes) and gives 'images' [batch,
            channels, height, width]. Black is -1 and white 1; a network that does not
            end in a tanh or a sigmoid may exceed them: clip its images, as agon sample
            does for PNG files. A classifier reads such images and gives 'logits'. The
            model is in evaluation mode. Generators that translate images (Pix2Pix,
            CycleGAN) cannot be exported, nor networks that draw random numbers in
            evaluation mode, as by dropout.

            EXAMPLES
              agon export Runs/quickstart --onnx generator.onnx
              agon export Runs/quickstart --onnx raw.onnx --weights raw
              agon export digits-by-class --onnx digits.onnx
              agon export Runs/quickstart --model Models/mine
              agon export Runs/quickstart --model Models/early --checkpoint 3000
              agon export --classifier lenet-fashion-mnist --onnx lenet.onnx
            """)

    @Argument(
        help: ArgumentHelp("The folder of a run, or the name of a model.", valueName: "run"), completion: .directory)
    var folder: String?
    @Option(
        help: ArgumentHelp("Write an ONNX model to this file.", valueName: "file"),
        completion: .file(extensions: ["onnx"]))
    var onnx: String?
    @Option(
        help: ArgumentHelp("Write the generator for Agon to this new folder.", valueName: "folder"),
        completion: .directory)
    var model: String?
    @Option(help: "Export this classifier, by its name or config, instead of a run's generator.")
    var classifier: String?
    @Option(help: "The generator's weights: average (if the run has averages) or raw.")
    var weights: EvaluationSettings.Weights?
    @Option(parsing: .unconditional, help: CheckpointChoice.help)
    var checkpoint: CheckpointChoice?
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var data: DataOptions

    func validate() throws {
        if let folder { try requireName(folder, "run", example: "Runs/quickstart") }
        if let classifier { try requireName(classifier, "classifier", example: "lenet-mnist") }
        if (folder == nil) == (classifier == nil) {
            throw ValidationError("give a run's folder, or --classifier with a name")
        }
        if onnx == nil, model == nil { throw ValidationError("give --onnx or --model") }
        if onnx != nil, model != nil { throw ValidationError("--onnx and --model cannot be combined") }
        if let model, model.isEmpty { throw ValidationError("--model: expected the name of a folder") }
        if model != nil, classifier != nil { throw ValidationError("--model writes generators, not classifiers") }
        if classifier != nil {
            for (option, isGiven) in [("--checkpoint", checkpoint != nil), ("--weights", weights != nil)] where isGiven
            {
                throw ValidationError("\(option) is for the generator of a run, not for --classifier")
            }
        }
        if let onnx, !onnx.lowercased().hasSuffix(".onnx") {
            throw ValidationError("--onnx \(onnx): expected a file that ends in .onnx")
        }
    }

    func run() throws {
        func note(_ text: String) { Console.say("note: \(text)") }
        if let classifier, let onnx {
            let outcome = try ModelExport.writeClassifier(
                classifier, searchPath: data.searchPath, to: onnx, threads: threads.count, note: note)
            print("\(outcome.path): classifier \(classifier), \(SizeText.short(outcome.bytes))")
            return
        }
        guard let folder else { return }
        let run = try SamplingModel.existingRun(folder)
        let step = try checkpoint?.step(in: run)
        if let model {
            let outcome = try SamplingModel.write(run: run, checkpoint: step, weights: weights, to: model, note: note)
            print("\(model): generator of step \(outcome.step), \(SizeText.short(outcome.bytes))")
        } else if let onnx {
            let outcome = try ModelExport.writeGenerator(
                run: run, checkpoint: step, weights: weights, to: onnx, threads: threads.count, note: note)
            print("\(outcome.path): generator of step \(outcome.step ?? 0), \(SizeText.short(outcome.bytes))")
        }
    }
}
