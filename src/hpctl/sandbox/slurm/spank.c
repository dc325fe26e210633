/*
 * What HyperPod's and pyxis' plugins of srun bring, for the sandbox: it takes their options.
 *
 * --auto-resume=0|1 belongs to srun alone, as on HyperPod: sbatch does not know it. The options of pyxis are taken by
 * srun, sbatch and salloc; no image is ever imported, and the step runs on the node itself, which srun is told.
 */
#include <stdio.h>
#include <string.h>
#include <slurm/spank.h>

SPANK_PLUGIN(hpctl_sandbox, 1)

static int container_wanted = 0;

static int auto_resume(int val, const char *optarg, int remote)
{
	(void) val;
	if (optarg && (!strcmp(optarg, "0") || !strcmp(optarg, "1")))
		return ESPANK_SUCCESS;
	if (!remote)
		slurm_error("--auto-resume: \"%s\" is neither 0 nor 1", optarg ? optarg : "");
	return ESPANK_BAD_ARG;
}

static int container_option(int val, const char *optarg, int remote)
{
	(void) optarg;
	(void) remote;
	container_wanted |= val;
	return ESPANK_SUCCESS;
}

static struct spank_option resume_option = {
	"auto-resume", "0|1", "run the step again when it failed on a faulty node that was replaced", 1, 0, auto_resume
};

#define WITH_VALUE(name, value, val) { name, value, "[pyxis] taken, without effect in the sandbox", 1, val, container_option }
#define FLAG(name) { name, NULL, "[pyxis] taken, without effect in the sandbox", 0, 0, container_option }

static struct spank_option pyxis_options[] = {
	WITH_VALUE("container-image", "[USER@][REGISTRY#]IMAGE[:TAG]|PATH", 1),
	WITH_VALUE("container-mounts", "SRC:DST[:FLAGS][,SRC:DST...]", 0),
	WITH_VALUE("container-workdir", "PATH", 0),
	WITH_VALUE("container-name", "NAME", 0),
	WITH_VALUE("container-save", "PATH", 0),
	WITH_VALUE("container-env", "NAME[,NAME...]", 0),
	FLAG("container-mount-home"), FLAG("no-container-mount-home"),
	FLAG("container-remap-root"), FLAG("no-container-remap-root"),
	FLAG("container-entrypoint"), FLAG("no-container-entrypoint"),
	FLAG("container-entrypoint-log"),
	FLAG("container-writable"), FLAG("container-readonly"),
};

int slurm_spank_init(spank_t sp, int ac, char **av)
{
	spank_context_t where = spank_context();
	size_t each;

	(void) ac;
	(void) av;
	if (where != S_CTX_LOCAL && where != S_CTX_REMOTE && where != S_CTX_ALLOCATOR)
		return ESPANK_SUCCESS;
	if (where != S_CTX_ALLOCATOR && spank_option_register(sp, &resume_option) != ESPANK_SUCCESS)
		return ESPANK_ERROR;
	for (each = 0; each < sizeof(pyxis_options) / sizeof(pyxis_options[0]); each++)
		if (spank_option_register(sp, &pyxis_options[each]) != ESPANK_SUCCESS)
			return ESPANK_ERROR;
	return ESPANK_SUCCESS;
}

int slurm_spank_init_post_opt(spank_t sp, int ac, char **av)
{
	(void) sp;
	(void) ac;
	(void) av;
	if (container_wanted && spank_context() == S_CTX_LOCAL)
		slurm_info("pyxis: the sandbox imports no image, the step runs on the node itself");
	return ESPANK_SUCCESS;
}
