# The figures of one run, ${run}: here the mainline. They can be drawn for any other run (figures_of() in
# tools/cmake/figures.cmake), also in other projects. ${histories_beside}: runs to compare it with.

figure(fig01-algorithm ${run}/rotation ${run}/rotation-points ${run}/read-off ${run}/read-off-waves)
figure(fig02-grokking OF_A_RUN ${run}/history ${histories_beside})
figure(fig03-fourier-norms ${run}/spectrum)
figure(fig04-periodicity ${run}/activations ${run}/logit-spectrum)
figure(fig05-neuron-fit ${run}/neurons ${run}/neuron-logit-map)
figure(fig06-ablations ${run}/ablations)
figure(fig07-progress-measures ${run}/progress-measures)
figure(fig08-attention-fourier ${run}/attention-spectrum)
figure(fig09-attention ${run}/activations)
figure(fig10-ov-circuits ${run}/ov-spectrum)
figure(fig11-attention-spectrum ${run}/activation-spectrum)
figure(fig12-neurons ${run}/activations ${run}/activation-spectrum)
figure(fig13-restricted-accuracy ${run}/progress-measures)
figure(fig14-cos-coefficients ${run}/cosine-coefficients ${run}/progress-measures)
figure(fig15-excluded-by-frequency ${run}/excluded-by-frequency ${run}/progress-measures)
figure(excluded-3d ${run}/excluded-by-frequency ${run}/progress-measures)
figure(excluded-accuracy ${run}/progress-measures)
figure(weight-norms ${run}/progress-measures)
figure(loss-ratio ${run}/progress-measures)

# Principal components, and rank as a progress measure.
figure(effective-rank EXPERIMENTS ${run}/effective-ranks ${run}/progress-measures)
figure(embedding-circles EXPERIMENTS ${run}/embedding-components ${run}/neuron-components)
